"""One typed reader per option of ``config_declaration.yaml``."""

from __future__ import annotations

import os

from ckan import plugins as p
from ckan.plugins import toolkit as tk

PROFILE = "ckanext.satudata.profile"
UNMANAGED_TYPES = "ckanext.satudata.unmanaged_types"
STORAGE_PATH = "ckanext.satudata.storage_path"
STORAGE_GRACE_HOURS = "ckanext.satudata.storage_grace_hours"
LETTER_MAX_SIZE = "ckanext.satudata.letter_max_size"
TRUST_ROOTS = "ckanext.satudata.trust_roots"
NATIONAL_MIRROR = "ckanext.satudata.national_mirror"
CLAIM_MINUTES = "ckanext.satudata.claim_minutes"
TICK_SECONDS = "ckanext.satudata.tick_seconds"
PROBE_SECONDS = "ckanext.satudata.probe_seconds"
AUDIT_HOUR = "ckanext.satudata.audit_hour"
AUDIT_SAMPLE = "ckanext.satudata.audit_sample"
AUDIT_SECONDS = "ckanext.satudata.audit_seconds"


def profile() -> str:
    """Name or path of the city's profile."""
    return tk.config[PROFILE]


def unmanaged_types() -> frozenset[str]:
    """Dataset types that the approval workflow leaves alone.

    Core accepts any text as a type, so a listed one counts only while a plugin brings it:
    else anybody could name a dataset "harvest" and have it public. "dataset" is core's own.
    """
    brought = {"dataset"} | {
        kind
        for plugin in p.PluginImplementations(p.IDatasetForm)
        for kind in plugin.package_types()
    }
    return frozenset(tk.config[UNMANAGED_TYPES]) & brought


def storage_path() -> str:
    """Folder of the files stored by content: resources and letters."""
    own = tk.config[STORAGE_PATH]
    return own or os.path.join(tk.config["ckan.storage_path"], "satudata")


def storage_grace_seconds() -> int:
    """How long a file that nothing names is kept, in seconds."""
    return tk.config[STORAGE_GRACE_HOURS] * 3600


def letter_max_size() -> int:
    """Largest accepted letter file, in bytes."""
    return tk.config[LETTER_MAX_SIZE] * 1024 * 1024


def trust_roots() -> list[str]:
    """Files with the certificates whose electronic signatures are trusted."""
    return list(tk.config[TRUST_ROOTS])


def national_mirror() -> bool:
    """Do search results of the API carry the national keys as extras?"""
    return tk.config[NATIONAL_MIRROR]


def claim_minutes() -> int:
    """Minutes a claim holds without activity."""
    return tk.config[CLAIM_MINUTES]


def tick_seconds() -> int:
    """Seconds between two rounds of the tick process."""
    return tk.config[TICK_SECONDS]


def probe_seconds() -> int:
    """Seconds between two tests of a portal that is not ready."""
    return tk.config[PROBE_SECONDS]


def audit_hour() -> int:
    """Hour of the day from which the audit of the night may begin."""
    return tk.config[AUDIT_HOUR] % 24


def audit_sample() -> int:
    """Hidden and published datasets that an audit asks for one by one."""
    return tk.config[AUDIT_SAMPLE]


def audit_seconds() -> int:
    """Seconds after which an audit asks for nothing more."""
    return tk.config[AUDIT_SECONDS]

"""Signals of the extension, sent after the commit; nothing correct may depend on them."""

from __future__ import annotations

from ckan.plugins import toolkit as tk

#: An approval made a transition. Sender: the transition's name, or "mismatch" when locked
#: content turned out to be another than its fingerprint says and "match" when it is right
#: again. Keyword arguments: ``approval`` (dict as of ``satudata_approval_show``).
approval_changed = tk.signals.ckanext.signal(
    "satudata:approval_changed", doc="An approval made a transition."
)
#: A role assignment was made or decided on. Sender: "propose" (gives nothing yet),
#: "assign", "confirm", "reject" or "end". Keyword arguments: ``assignment`` (dict as of
#: ``satudata_role_show``).
role_changed = tk.signals.ckanext.signal(
    "satudata:role_changed", doc="A role assignment was made or decided on."
)
#: A letter was signed, registered, confirmed or revoked. Sender: what was done ("sign",
#: "upload", "confirm", "reject", "revoke", "issue"). Keyword arguments: ``letter`` (dict as
#: of ``satudata_letter_show``).
letter_changed = tk.signals.ckanext.signal(
    "satudata:letter_changed", doc="A letter was signed, registered, confirmed or revoked."
)

"""Who may read the file as it was uploaded, where another one is served."""

from __future__ import annotations

from ckan import model

from ckanext.satudata.roles import permissions as roles
from ckanext.satudata.roles.states import Role

#: Those who prepare, check and sign the data of an OPD.
_READERS = (
    Role.PRODUSEN_DATA,
    Role.WALIDATA_PENDUKUNG,
    Role.KEPALA_OPD,
    Role.WALIDATA,
    Role.PEMBINA_DATA,
)


def may_see_original(user: model.User | None, organization_id: str | None) -> bool:
    """May a person read originals of a dataset of an OPD?

    A CKAN account, also an editor's, is not enough; a role of another OPD is not either.
    """
    if user is None or not getattr(user, "id", None):
        return False
    return bool(user.sysadmin) or roles.holding(user.id, _READERS, organization_id) is not None

"""How each action that names a dataset is asked about one: the table of the existence tests.

Placeholders are filled in from the dataset asked about (``{id}``, ``{name}``, ``{resource}``,
``{view}``, ``{activity}``, ``{task}``, ``{table}``, an alias of its rows) and from the city
(``{org}``, ``{group}``, ``{me}``).
"""

from __future__ import annotations

from typing import Any

_VIEW = {"title": "t", "view_type": "text_view"}
_DATASET = {"title": "Lain", "owner_org": "{org}"}
_ROWS = {"resource_id": "{resource}", "force": True}
_MEMBER = {"id": "{group}", "object": "{id}", "object_type": "package", "capacity": "public"}
_LINK = {"type": "child_of"}
_BULK = {"datasets": ["{id}"], "org_id": "{org}"}
_TASK = {"entity_id": "{resource}", "entity_type": "resource", "task_type": "xloader"}

#: Action → inputs, one after the other, each naming the dataset in another way.
PROBES: dict[str, list[dict[str, Any]]] = {
    # writes
    "bulk_update_delete": [_BULK],
    "bulk_update_private": [_BULK],
    "bulk_update_public": [_BULK],
    "datapusher_submit": [{"resource_id": "{resource}"}],
    "dataset_purge": [{"id": "{id}"}],
    "datastore_create": [{**_ROWS, "fields": [{"id": "a"}]}, {"resource": {"package_id": "{id}"}}],
    "datastore_delete": [_ROWS, {"resource_id": "{table}", "force": True}],
    "datastore_records_delete": [{**_ROWS, "filters": {}}],
    "datastore_run_triggers": [{"resource_id": "{resource}"}],
    "datastore_upsert": [{**_ROWS, "records": []}, {"resource_id": "{table}", "records": []}],
    "file_delete": [{"id": "{file}"}],
    "file_ownership_transfer": [{"id": "{file}", "owner_type": "package", "owner_id": "{id}"}],
    "file_pin": [{"id": "{file}"}],
    "file_rename": [{"id": "{file}", "name": "x"}],
    "file_unpin": [{"id": "{file}"}],
    "group_create": [{"name": "topik-baru", "packages": [{"id": "{id}"}]}],
    "group_patch": [{"id": "{group}", "packages": [{"id": "{id}"}]}],
    "group_update": [{"id": "{group}", "name": "{group}", "packages": [{"name": "{name}"}]}],
    "harvest_source_delete": [{"id": "{id}"}],
    "harvest_source_patch": [{"id": "{id}"}],
    "harvest_source_update": [{"id": "{id}"}],
    "member_create": [_MEMBER, {**_MEMBER, "id": "{org}"}],
    "member_delete": [_MEMBER],
    "organization_create": [{"name": "opd-baru", "packages": [{"id": "{id}"}]}],
    "package_create_default_resource_views": [{"package": {"id": "{id}", "resources": []}}],
    "package_delete": [{"id": "{id}"}, {"id": "{name}"}],
    "package_owner_org_update": [{"id": "{id}", "organization_id": "{org}"}],
    "package_patch": [{"id": "{id}", "title": "Lain"}, {"id": "{name}", "private": False}],
    "package_relationship_create": [
        {"subject": "{id}", "object": "{public}", **_LINK},
        {"subject": "{public}", "object": "{name}", **_LINK},
    ],
    "package_relationship_delete": [{"subject": "{id}", "object": "{public}", **_LINK}],
    "package_relationship_update": [{"subject": "{id}", "object": "{public}", **_LINK}],
    "package_resource_reorder": [{"id": "{id}", "order": ["{resource}"]}],
    "package_revise": [
        {"match": {"id": "{id}"}, "update": {"title": "Lain"}},
        {"match__name": "{name}", "update__title": "Lain"},
        {"match": '{"id": "{id}"}', "update": '{"private": false}'},
    ],
    "package_update": [
        {"id": "{id}", "name": "{name}", **_DATASET},
        {"name": "{name}", **_DATASET},
        {"id": "{id}", "name": "{name}", "private": False, **_DATASET},
    ],
    "resource_create": [{"package_id": "{id}", "url": "https://example.org/a.csv"}],
    "resource_create_default_resource_views": [
        {"resource": {"id": "{resource}", "package_id": "{id}"}},
        {"resource": {"id": "{resource}", "package_id": "{id}"}, "package": {"id": "{id}"}},
    ],
    "resource_delete": [{"id": "{resource}"}],
    "resource_patch": [{"id": "{resource}", "name": "Lain"}],
    "resource_update": [{"id": "{resource}", "url": "https://example.org/a.csv"}],
    "resource_view_create": [{"resource_id": "{resource}", **_VIEW}],
    "resource_view_delete": [{"id": "{view}"}],
    "resource_view_reorder": [{"id": "{resource}", "order": ["{view}"]}],
    "resource_view_update": [{"id": "{view}", "resource_id": "{resource}", **_VIEW}],
    "xloader_submit": [{"resource_id": "{resource}"}],
    # other
    "activity_delete": [{"id": "{activity}"}],
    "datapusher_hook": [{"metadata": {"resource_id": "{resource}"}, "status": "complete"}],
    "follow_dataset": [{"id": "{id}"}, {"id": "{name}"}],
    "harvest_job_create": [{"source_id": "{id}"}],
    "harvest_objects_import": [{"source_id": "{id}"}],
    "harvest_source_clear": [{"id": "{id}"}],
    "harvest_source_index_clear": [{"id": "{id}"}],
    "harvest_source_job_history_clear": [{"id": "{id}"}],
    "harvest_source_reindex": [{"id": "{id}"}],
    "package_collaborator_create": [{"id": "{id}", "user_id": "{me}", "capacity": "editor"}],
    "package_collaborator_delete": [{"id": "{id}", "user_id": "{me}"}],
    "task_status_delete": [{"id": "{task}"}],
    "task_status_update": [{**_TASK, "key": "xloader", "value": "{}"}],
    "unfollow_dataset": [{"id": "{id}"}, {"id": "{name}"}],
    "xloader_hook": [{"metadata": {"resource_id": "{resource}"}, "status": "complete"}],
    # reads
    "activity_data_show": [{"id": "{activity}"}],
    "activity_diff": [{"id": "{activity}", "object_type": "package"}],
    "activity_show": [{"id": "{activity}"}, {"id": "{activity}", "include_data": True}],
    "am_following_dataset": [{"id": "{id}"}, {"id": "{name}"}],
    "datapusher_status": [{"resource_id": "{resource}"}],
    "dataset_follower_count": [{"id": "{id}"}, {"id": "{name}"}],
    "dataset_follower_list": [{"id": "{id}"}],
    "datastore_info": [{"id": "{resource}"}, {"resource_id": "{table}"}],
    "datastore_search": [
        {"resource_id": "{resource}"},
        {"id": "{table}"},
        {"id": "{open}", "resource_id": "{resource}"},
        {"id": "{resource}", "resource_id": "{open}"},
    ],
    "dcat_dataset_show": [{"id": "{id}"}],
    "file_owner_scan": [
        {"owner_type": "package", "owner_id": "{id}"},
        {"owner_type": "resource", "owner_id": "{resource}"},
    ],
    "file_show": [{"id": "{file}"}],
    "harvest_get_notifications_recipients": [{"source_id": "{id}"}],
    "harvest_job_list": [{"source_id": "{id}"}],
    "harvest_object_list": [{"source_id": "{id}"}],
    "harvest_source_show": [{"id": "{id}"}],
    "harvest_source_show_status": [{"id": "{id}"}],
    "package_activity_list": [{"id": "{id}"}, {"id": "{name}"}],
    "package_collaborator_list": [{"id": "{id}"}],
    "package_relationships_list": [{"id": "{id}"}, {"id": "{public}", "id2": "{name}"}],
    "package_show": [{"id": "{id}"}, {"id": "{name}"}, {"name_or_id": "{name}"}],
    "resource_show": [{"id": "{resource}"}],
    "resource_view_list": [{"id": "{resource}"}],
    "resource_view_show": [{"id": "{view}"}],
    "task_status_show": [
        {"entity_id": "{resource}", "task_type": "xloader", "key": "xloader"},
        {"id": "{task}"},
    ],
    "xloader_status": [{"resource_id": "{resource}"}, {"id": "{resource}"}],
}

_DECIDE = [{"id": "{id}"}, {"id": "{name}", "comment": "x"}]
#: The same for our own actions.
OWN: dict[str, list[dict[str, Any]]] = {
    **{
        f"satudata_approval_{name}": _DECIDE
        for name in (
            *("submit", "recall", "claim", "release", "return_to_walidata", "endorse"),
            *("invalidate", "publish", "hold", "cancel", "show", "history"),
        )
    },
    "satudata_approval_return": [
        {"id": "{id}", "findings": [{"code": "other", "field": "title", "comment": "x"}]}
    ],
    "satudata_approval_confirm": [{"id": "{id}", "checklist": {"standar_data": "ok"}}],
    "satudata_approval_decline": [{"id": "{id}", "reason": "other", "comment": "x"}],
    "satudata_approval_validate": [
        {"id": "{id}"},
        {"ids": ["{id}"]},
        {"ids": ["{id}", "{public}"]},
    ],
    "satudata_approval_withdraw": [{"id": "{id}", "reason": "wrong", "notice": "x"}],
    "satudata_fingerprint_show": [{"id": "{id}"}, {"id": "{name}"}],
    "satudata_fingerprint_verify": [{"id": "{id}"}, {"id": "{name}"}],
    "satudata_letter_issue": [{"ids": ["{id}"]}],
    "satudata_letter_list": [{"dataset": "{id}"}, {"dataset": "{name}"}],
    "satudata_table_schema_show": [{"id": "{resource}"}],
    "satudata_dataset_prefill": [
        {"id": "{id}", "source": "{public}", "preview": True},
        {"id": "{public}", "source": "{id}", "preview": True},
    ],
    "satudata_completeness_show": [{"id": "{id}"}, {"id": "{name}"}],
    "satudata_indah_import": [{"id": "{id}"}, {"id": "{name}", "confirm": True}],
    "satudata_indah_show": [{"id": "{id}"}, {"id": "{name}"}],
}
#: Our own actions whose input names no dataset (a letter, a role, a finding, a list).
OWN_UNNAMED = frozenset(
    (
        *("satudata_approval_list", "satudata_withdrawal_list", "satudata_finding_answer"),
        *(f"satudata_letter_{name}" for name in ("show", "sign", "upload", "confirm", "reject")),
        *(f"satudata_letter_{name}" for name in ("revoke", "summary", "verify")),
        *(f"satudata_role_{name}" for name in ("assign", "confirm", "end", "list", "reject")),
        *("satudata_role_show", "satudata_role_vacancy_list", "satudata_audit_show"),
        *("satudata_portal_adopt", "satudata_code_list_list", "satudata_code_list_show"),
    )
)

#: Given by relevance, which Solr weighs over the whole index: what is in it counts, not the
#: order (docs/explanation/existence.md).
UNORDERED = {"package_autocomplete"}
#: Lists and counts that must not change when a hidden dataset comes; asked of everybody.
LISTS: list[tuple[str, dict[str, Any]]] = [
    ("current_package_list_with_resources", {}),
    ("dashboard_activity_list", {}),
    ("dashboard_new_activities_count", {}),
    ("dataset_followee_count", {"id": "{follower}"}),
    ("dataset_followee_list", {"id": "{follower}"}),
    ("followee_count", {"id": "{follower}"}),
    ("followee_list", {"id": "{follower}"}),
    ("datastore_search", {"resource_id": "_table_metadata"}),
    ("format_autocomplete", {"q": "{secret}"}),
    ("format_autocomplete", {"q": ""}),
    ("group_activity_list", {"id": "{group}"}),
    ("group_list", {"all_fields": True, "include_dataset_count": True}),
    ("group_list", {"sort": "package_count"}),
    ("group_list", {"sort": "packages asc", "all_fields": True, "limit": 1}),
    ("group_package_show", {"id": "{group}"}),
    ("group_show", {"id": "{group}", "include_datasets": True, "include_dataset_count": True}),
    ("license_list", {}),
    ("member_list", {"id": "{group}"}),
    ("member_list", {"id": "{group}", "object_type": "package"}),
    ("member_list", {"id": "{org}", "object_type": "package"}),
    ("organization_activity_list", {"id": "{org}"}),
    ("organization_list", {"all_fields": True, "include_dataset_count": True}),
    ("organization_list", {"sort": "package_count"}),
    ("organization_list", {"sort": "package_count desc", "limit": 1}),
    ("organization_list_for_user", {"include_dataset_count": True}),
    ("organization_show", {"id": "{org}", "include_datasets": True}),
    ("package_autocomplete", {"q": "{secret}"}),
    ("package_autocomplete", {"q": "data", "limit": 1000}),
    ("package_collaborator_list_for_user", {"id": "{follower}"}),
    ("package_list", {}),
    ("package_search", {"q": "{secret}"}),
    ("package_search", {"include_private": True, "include_drafts": True, "rows": 0}),
    ("package_search", {"include_deleted": True, "fl": "id,name", "rows": 100}),
    ("package_search", {"fq": "capacity:private OR state:draft OR state:deleted"}),
    (
        "package_search",
        {"facet.field": ["tags", "res_format", "license_id", "organization", "groups"]},
    ),
    ("recently_changed_packages_activity_list", {}),
    ("resource_search", {"query": "name:Penduduk"}),
    ("resource_search", {"query": "format:{secret}"}),
    ("satudata_approval_list", {}),
    ("satudata_letter_list", {}),
    ("satudata_withdrawal_list", {}),
    ("status_show", {}),
    ("tag_autocomplete", {"query": "{secret}", "limit": 1}),
    ("tag_list", {}),
    ("tag_list", {"query": "{secret}", "all_fields": True}),
    ("tag_search", {"query": "a"}),
    ("tag_search", {"query": "{secret}", "limit": 1}),
    ("tag_show", {"id": "{secret}"}),
    ("user_activity_list", {"id": "{producer}"}),
    ("user_list", {}),
    ("user_list", {"order_by": "number_created_packages"}),
    ("user_show", {"id": "{producer}", "include_datasets": True}),
    ("vocabulary_list", {}),
]
#: Pages of lists and counts.
PAGES = [
    "/",
    "/dataset/",
    "/dataset/?q={secret}",
    "/dataset/?tags={secret}",
    "/organization/",
    "/organization/?sort=package_count",
    "/organization/{org}",
    "/organization/activity/{org}",
    "/organization/about/{org}",
    "/group/",
    "/group/{group}",
    "/group/activity/{group}",
    "/user/{producer}",
    "/user/activity/{producer}",
    "/feeds/dataset.atom",
    "/feeds/organization/{org}.atom",
    "/feeds/group/{group}.atom",
    "/feeds/tag/{secret}.atom",
    "/feeds/custom.atom?q={secret}",
    "/api/2/util/tag/autocomplete?incomplete={secret}",
    "/api/2/util/dataset/autocomplete?incomplete={secret}",
    "/api/2/util/resource/format_autocomplete?incomplete={secret}",
    "/ditarik",
]

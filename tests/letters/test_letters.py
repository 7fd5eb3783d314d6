"""Letters: numbers, ways of signing, second person, revocation, public verification."""

from __future__ import annotations

import io
import threading
import uuid
import zipfile
from typing import Any

import pytest

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.satudata.approval import publication
from ckanext.satudata.common import clock
from ckanext.satudata.letters import service as letters
from ckanext.satudata.letters.model import Letter, LetterItem

from demo import signing
from tests import factories as make

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]


def _scan() -> bytes:
    """A scan of its own: one file is one letter."""
    return b"\xff\xd8\xff\xe0" + uuid.uuid4().hex.encode() * 5


def _waiting(city: make.City, title: str | None = None) -> str:
    """A dataset that waits for the head."""
    package = make.dataset(city, title=title or f"Data {uuid.uuid4().hex[:6]}")
    make.bring_to(city, package, "awaiting_validation")
    return package["id"]


def _state(city: make.City, key: str) -> str:
    return make.call("satudata_approval_show", city.sysadmin, id=key)["state"]


def _letter(city: make.City, letter_id: str) -> dict[str, Any]:
    return make.call("satudata_letter_show", city.walidata, id=letter_id)


def _paper(city: make.City, *keys: str) -> dict[str, Any]:
    """A letter to be signed on paper, issued by the walidata who did not check."""
    return make.call("satudata_letter_issue", city.walidata2, ids=list(keys))


def _refused(code: str, action: str, person: str, **data: Any) -> None:
    with pytest.raises(tk.ValidationError) as refused:
        make.call(action, person, **data)
    assert refused.value.error_dict["code"] == [code], refused.value.error_dict


def test_a_click_alone_is_not_a_signature(city):
    """Validated without a file the dataset waits; nothing makes it public."""
    key = _waiting(city)
    done = make.call("satudata_approval_validate", city.kepala_opd, id=key)
    assert done["state"] == "validated"
    letter = _letter(city, done["letter_id"])
    assert letter["state"] == "waiting_signature"
    assert key not in make.due()
    _refused("not_signed", "satudata_approval_publish", city.walidata, id=key)
    with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
        make.call("package_show", None, id=key)


def test_the_signed_letter_takes_effect_and_publishes(city):
    """The head signs the very PDF that the portal made; the tick publishes."""
    key = _waiting(city)
    letter_id = make.call("satudata_approval_validate", city.kepala_opd, id=key)["letter_id"]
    signed = signing.sign(letters.pdf(letters.get(letter_id)), "Kepala")
    upload = make.upload(signed, "surat.pdf")
    letter = make.call("satudata_letter_sign", city.kepala_opd, id=letter_id, upload=upload)
    assert (letter["state"], letter["signature"]) == ("valid", "unknown")
    assert key in make.due()
    assert publication.publish(key).state == "published"
    again = make.upload(signed, "surat.pdf")
    _refused("conflict", "satudata_letter_sign", city.kepala_opd, id=letter_id, upload=again)


def test_one_letter_for_many_datasets_of_one_agency(city):
    """All or none: one attachment line each, one number, all validated together."""
    keys = [_waiting(city) for _ in range(3)]
    results = make.call(
        "satudata_approval_validate",
        city.kepala_opd,
        ids=keys,
        upload=make.upload(make.signed(), "surat.pdf"),
    )
    assert {one["state"] for one in results} == {"validated"}
    (letter_id,) = {one["letter_id"] for one in results}
    assert {one["package_id"] for one in _letter(city, letter_id)["items"]} == set(keys)


def test_a_batch_with_one_that_cannot_be_validated_changes_nothing(city):
    """The refusal names the dataset; the number is given back."""
    first, second = _waiting(city), make.dataset(city, title="Belum Diperiksa")
    before = make.call("satudata_letter_summary", city.walidata, year=clock.today().year)["last"]
    with pytest.raises(tk.ValidationError) as refused:
        make.call("satudata_approval_validate", city.kepala_opd, ids=[first, second["id"]])
    assert "Belum Diperiksa" in str(refused.value.error_dict)
    assert _state(city, first) == "awaiting_validation"
    assert (
        make.call("satudata_letter_summary", city.walidata, year=clock.today().year)["last"]
        == before
    )


def test_a_further_dataset_joins_the_unsigned_letter(city):
    """Until it is signed; a letter of another head or a signed one takes none."""
    first, second, third = _waiting(city), _waiting(city), _waiting(city)
    letter = make.call("satudata_approval_validate", city.kepala_opd, id=first)["letter_id"]
    head = city.kepala_opd
    joined = make.call("satudata_approval_validate", head, id=second, letter=letter)
    assert joined["letter_id"] == letter
    assert len(letters.get(letter).content["entries"]) == 2
    make.call(
        "satudata_letter_sign", head, id=letter, upload=make.upload(make.signed(), "surat.pdf")
    )
    _refused("invalid", "satudata_approval_validate", head, id=third, letter=letter)


def test_paper_letter_is_confirmed_by_a_second_person_in_the_heads_name(city):
    """Registrar uploads, somebody else confirms; the history names them and the head."""
    key = _waiting(city)
    letter = _paper(city, key)
    assert letter["state"] == "waiting_scan"
    assert _state(city, key) == "awaiting_validation"
    scan = make.upload(_scan(), "surat.jpg")
    _refused("same_person", "satudata_letter_upload", city.walidata, id=letter["id"], upload=scan)
    up = make.call(
        "satudata_letter_upload",
        city.walidata2,
        id=letter["id"],
        upload=make.upload(_scan(), "s.jpg"),
    )
    assert up["state"] == "waiting_confirmation"
    assert key not in make.due()
    # Neither who uploaded it nor who checked the data is the second person.
    _refused("same_person", "satudata_letter_confirm", city.walidata2, id=letter["id"])
    _refused("same_person", "satudata_letter_confirm", city.walidata, id=letter["id"])
    with pytest.raises(tk.NotAuthorized):
        make.call("satudata_letter_confirm", city.produsen_data, id=letter["id"])
    done = make.call("satudata_letter_confirm", city.sekretariat, id=letter["id"])
    assert done["state"] == "valid"
    assert _state(city, key) == "validated"
    last = make.call("satudata_approval_history", city.walidata, id=key)[-1]
    head = model.User.get(city.kepala_opd).id
    assert (last["kind"], last["role"]) == ("validate", "kepala_opd")
    assert last["acting_for"] == head
    assert last["user_id"] == model.User.get(city.sekretariat).id
    assert last["data"]["on_paper"] is True
    assert last["data"]["registered_by"] == model.User.get(city.walidata2).id
    assert publication.publish(key).state == "published"


def test_a_scan_that_is_not_the_letter_is_sent_back(city):
    """Rejected with a reason; another scan can be uploaded."""
    key = _waiting(city)
    letter = _paper(city, key)
    make.call(
        "satudata_letter_upload",
        city.walidata2,
        id=letter["id"],
        upload=make.upload(_scan(), "s.jpg"),
    )
    back = make.call(
        "satudata_letter_reject", city.sekretariat, id=letter["id"], comment="Halaman kosong"
    )
    assert (back["state"], back["file_sha256"]) == ("waiting_scan", None)
    make.call(
        "satudata_letter_upload",
        city.walidata2,
        id=letter["id"],
        upload=make.upload(_scan(), "s.jpg"),
    )
    make.call("satudata_letter_confirm", city.sekretariat, id=letter["id"])
    assert _state(city, key) == "validated"


def test_paper_letter_demands_the_role_of_the_head_at_the_confirmation(city):
    """A head whose role ended in mid-case validates nothing any more."""
    from ckanext.satudata.common import clock

    key = _waiting(city)
    letter = _paper(city, key)
    make.call(
        "satudata_letter_upload",
        city.walidata2,
        id=letter["id"],
        upload=make.upload(_scan(), "s.jpg"),
    )
    (role,) = make.call("satudata_role_list", city.sysadmin, user=city.kepala_opd, active=True)
    make.call("satudata_role_end", city.sysadmin, id=role["id"])
    try:
        with pytest.raises(tk.NotAuthorized):
            make.call("satudata_letter_confirm", city.sekretariat, id=letter["id"])
        assert _letter(city, letter["id"])["state"] == "waiting_confirmation"
        assert _state(city, key) == "awaiting_validation"
    finally:
        starts = clock.today().isoformat()
        city.assign(city.kepala_opd, "kepala_opd", city.opd, starts_on=starts)


def test_paper_letter_needs_a_head_and_a_registrar_who_did_not_check(city):
    """Nobody registers a letter about data that one checked oneself."""
    key = _waiting(city)
    _refused("same_person", "satudata_letter_issue", city.walidata, ids=[key])
    with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
        make.call("satudata_letter_issue", city.produsen_data, ids=[key])
    package = make.dataset(city)
    _refused("wrong_state", "satudata_letter_issue", city.walidata2, ids=[package["id"]])


def test_signed_pdf_handed_in_by_a_walidata_is_confirmed(city, ckan_config, tmp_path):
    """Also with a trusted issuer: whose certificate it is does not say what was signed."""
    key = _waiting(city)
    letter = _paper(city, key)
    upload = make.upload(make.signed(), "surat.pdf")
    done = make.call("satudata_letter_sign", city.walidata2, id=letter["id"], upload=upload)
    assert done["state"] == "waiting_confirmation"
    assert _state(city, key) == "awaiting_validation"
    trusted = tmp_path / "issuer.pem"
    trusted.write_bytes(signing.certificate("Kepala Dinas Kesehatan"))
    before = ckan_config["ckanext.satudata.trust_roots"]
    ckan_config["ckanext.satudata.trust_roots"] = [str(trusted)]
    try:
        other = _waiting(city)
        letter = _paper(city, other)
        upload = make.upload(make.signed(), "surat.pdf")
        done = make.call("satudata_letter_sign", city.walidata2, id=letter["id"], upload=upload)
    finally:
        ckan_config["ckanext.satudata.trust_roots"] = before
    assert (done["state"], done["signature"]) == ("waiting_confirmation", "ok")
    assert _state(city, other) == "awaiting_validation"


def test_revoked_letter_sends_back_what_is_not_public(city):
    """Its number stays in the register; a published dataset is withdrawn instead."""
    key = _waiting(city)
    letter = make.call("satudata_approval_validate", city.kepala_opd, id=key)["letter_id"]
    make.call("satudata_letter_revoke", city.kepala_opd, id=letter, comment="Salah nomor")
    assert _state(city, key) == "submitted"
    assert _letter(city, letter)["state"] == "revoked"
    assert (
        make.call("satudata_letter_summary", city.walidata, year=clock.today().year)["missing"]
        == []
    )
    public = make.dataset(city)
    letter = make.bring_to(city, public, "published")["letter_id"]
    _refused("published", "satudata_letter_revoke", city.kepala_opd, id=letter, comment="Salah")
    assert make.call("package_show", None, id=public["id"])["private"] is False


def test_a_line_loses_its_effect_alone(city):
    """Content that changed after the letter leaves the other datasets of it alone."""
    first, second = _waiting(city), _waiting(city)
    results = make.call(
        "satudata_approval_validate",
        city.kepala_opd,
        ids=[first, second],
        upload=make.upload(make.signed(), "surat.pdf"),
    )
    letter = results[0]["letter_id"]
    make.call("satudata_approval_invalidate", city.walidata, id=first, comment="Berubah")
    voids = {one["package_id"]: one["void_reason"] for one in _letter(city, letter)["items"]}
    assert voids == {first: "invalidated", second: None}
    assert publication.publish(second).state == "published"
    _refused("wrong_state", "satudata_approval_publish", city.walidata, id=first)


def test_register_numbers_have_no_gap_under_concurrency(city):
    """Eight heads at once, some refused: numbers stay without gap and double."""
    keys = [_waiting(city) for _ in range(8)]
    start, errors = threading.Barrier(8), []

    def validate(position: int, key: str) -> None:
        start.wait(20)
        data = {"number": "400.7/ganda"} if position % 4 == 3 else {}
        try:
            make.call("satudata_approval_validate", city.kepala_opd, id=key, **data)
        except tk.ValidationError as error:
            errors.append(error.error_dict["code"])
        finally:
            model.Session.remove()

    threads = [
        threading.Thread(target=validate, args=(position, key)) for position, key in enumerate(keys)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert errors == [["register_double"]]
    found = make.call("satudata_letter_summary", city.walidata, year=clock.today().year)
    assert (found["missing"], found["doubles"]) == ([], [])
    assert found["last"] == found["count"]


def test_pdf_and_word_say_the_same(city):
    """Number, signer, dataset, fingerprint and code are in both documents."""
    key = _waiting(city, title="Jumlah Posyandu & Puskesmas <uji>")
    done = make.call("satudata_approval_validate", city.kepala_opd, id=key)
    letter = letters.get(done["letter_id"])
    assert letters.pdf(letter).startswith(b"%PDF-")
    with zipfile.ZipFile(io.BytesIO(letters.docx(letter))) as package:
        text = package.read("word/document.xml").decode()
        pictures = [name for name in package.namelist() if name.startswith("word/media/")]
    assert pictures
    entry = letter.content["entries"][0]
    for word in (letter.number, entry["short"], letter.content["code_spaced"], "Dinas Kesehatan"):
        assert word in text, word
    assert "Data" in text
    assert entry["title"].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in text


def test_verification_tells_everybody_and_no_secret(city):
    """By code: valid, revoked or unknown; titles of public datasets only."""
    public, hidden = make.dataset(city), _waiting(city)
    make.bring_to(city, public, "awaiting_validation")
    bytes_ = make.signed()
    make.validate(city, public["id"], upload=make.upload(bytes_, "surat.pdf"))
    publication.publish(public["id"])
    letter = _letter(
        city, make.call("satudata_approval_show", city.walidata, id=public["id"])["letter_id"]
    )
    found = make.call("satudata_letter_verify", None, code=letter["code"].lower())
    assert (found["result"], found["number"]) == ("ok", letter["number"])
    assert found["items"][0]["title"] == public["title"]
    same = make.upload(bytes_, "a.pdf")
    assert make.call("satudata_letter_verify", None, code=letter["code"], upload=same)["match"]
    other = make.upload(make.PDF, "a.pdf")
    assert not make.call("satudata_letter_verify", None, code=letter["code"], upload=other)["match"]
    make.validate(city, hidden)
    later = make.call("satudata_approval_show", city.walidata, id=hidden)["letter_id"]
    told = make.call("satudata_letter_verify", None, code=_letter(city, later)["code"])
    assert told["result"] == "ok"
    assert told["items"][0]["title"] is None
    unsigned = _waiting(city)
    waiting = make.call("satudata_approval_validate", city.kepala_opd, id=unsigned)["letter_id"]
    none = {"result": "none"}
    assert make.call("satudata_letter_verify", None, code=_letter(city, waiting)["code"]) == none
    assert make.call("satudata_letter_verify", None, code="TIDAKADA") == none


def test_letters_are_shown_to_those_who_may(city):
    """The register of the city for its keepers, an agency's own for its roles."""
    key = _waiting(city)
    letter = make.call("satudata_approval_validate", city.kepala_opd, id=key)["letter_id"]
    for person in (city.walidata, city.sekretariat, city.produsen_data, city.kepala_opd):
        assert make.call("satudata_letter_show", person, id=letter)["id"] == letter
        shown = make.call("satudata_letter_list", person, limit=1000)
        assert letter in [one["id"] for one in shown]
    for person in (city.other_produsen, city.other_kepala, city.outsider, None):
        with pytest.raises((tk.ObjectNotFound, tk.NotAuthorized)):
            make.call("satudata_letter_show", person, id=letter)
    shown = make.call("satudata_letter_list", city.other_kepala, limit=1000)
    assert letter not in [one["id"] for one in shown]


def test_gap_and_double_are_found(city):
    """What somebody did to the register by SQL is named."""
    _waiting_letter = make.call(
        "satudata_approval_validate",
        city.kepala_opd,
        id=_waiting(city),
        date=f"{clock.today().year - 1}-12-30",
    )["letter_id"]
    model.Session.query(Letter).filter_by(id=_waiting_letter).update({"register_number": 3})
    model.Session.commit()
    found = make.call("satudata_letter_summary", city.walidata, year=clock.today().year - 1)
    assert found["missing"] == [1, 2]
    assert model.Session.query(LetterItem).filter_by(letter_id=_waiting_letter).count() == 1


def test_pages_open_for_their_people(city, app):
    """Register, letter, files and XLSX; others are told that there is nothing."""
    key = _waiting(city)
    letter = make.call("satudata_approval_validate", city.kepala_opd, id=key)["letter_id"]
    code = _letter(city, letter)["code"]
    for path in (
        "/surat",
        f"/surat/{letter}",
        f"/surat/{letter}/pdf",
        f"/surat/{letter}/docx",
        f"/surat/daftar.xlsx?year={clock.today().year}",
    ):
        assert app.get(path, headers=_token(city.walidata)).status_code == 200, path
        hidden = app.get(path, headers=_token(city.outsider), status=404)
        assert hidden.status_code == 404
    assert app.get("/surat/v").status_code == 200
    app.get(f"/surat/v/{code}", status=404)
    assert app.get("/validasi", headers=_token(city.kepala_opd)).status_code == 200
    app.get("/validasi", headers=_token(city.produsen_data), status=404)
    draft = app.get(
        f"/validasi/rancangan.pdf?ids={_waiting(city)}", headers=_token(city.kepala_opd)
    )
    assert draft.data.startswith(b"%PDF-")


def _token(person: str) -> dict[str, str]:
    made = make.call("api_token_create", person, user=person, name=uuid.uuid4().hex)
    return {"Authorization": made["token"]}

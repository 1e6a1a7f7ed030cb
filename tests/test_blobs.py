"""Azure Blob storage, on a real Azurite: blobs are created once and swapped by their ETag."""

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from azurite import ACCOUNT, KEY, Azurite, answering, connection_string, losing_the_first_answer

from sentiment import blobs
from sentiment.errors import BlobError, ConfigError


@pytest.fixture
def folder(container):
    return blobs.open_folder(f"az://{container.container_name}/a/b")


def test_a_blob_is_created_once_and_never_overwritten(folder, container):
    assert [folder.create("x", b"first", digest="d1"), folder.create("x", b"second", digest="d2")] == [
        True,
        False,
    ]
    assert folder.read("x").content == b"first"
    assert folder.digest("x") == "d1"
    assert container.download_blob("a/b/x").readall() == b"first"


def test_a_blob_of_many_blocks_is_created_once_and_comes_back_in_pieces(folder, tmp_path):
    content = bytes(range(256)) * 40_000  # 10 MB
    (tmp_path / "big").write_bytes(content)
    with (tmp_path / "big").open("rb") as file:
        assert folder.create("big", file) is True
    assert folder.create("big", content[::-1]) is False
    assert b"".join(folder.chunks("big")) == content


def test_of_many_creators_one_wins(folder):
    for number in range(5):
        with ThreadPoolExecutor(16) as pool:
            answers = list(
                pool.map(lambda word, name=number: folder.create(str(name), str(word).encode()), range(16))
            )
        assert sum(answers) == 1
        assert folder.read(str(number)).content == str(answers.index(True)).encode()


def test_of_many_who_swap_on_the_same_etag_one_wins(folder):
    assert folder.replace("pointer", b"old", etag=None)
    etag = folder.read("pointer").etag
    with ThreadPoolExecutor(16) as pool:
        answers = list(
            pool.map(lambda word: folder.replace("pointer", str(word).encode(), etag=etag), range(16))
        )
    assert sum(answers) == 1
    assert folder.read("pointer").content == str(answers.index(True)).encode()


def test_a_pointer_that_appeared_or_vanished_meanwhile_is_not_swapped(folder, container):
    folder.create("pointer", b"somebody's")
    etag = folder.read("pointer").etag
    assert folder.replace("pointer", b"ours", etag=None) is False
    container.delete_blob("a/b/pointer")
    assert folder.replace("pointer", b"ours", etag=etag) is False
    assert folder.read("pointer") is None


def test_a_swap_whose_answer_is_lost_is_still_known_to_have_won(folder, azurite, container, monkeypatch):
    folder.create("pointer", b"old")
    etag = folder.read("pointer").etag
    with losing_the_first_answer(azurite) as connection:
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", connection)
        assert blobs.open_folder(folder.address).replace("pointer", b"ours", etag=etag) is True
    assert folder.read("pointer").content == b"ours"


def test_names_and_contents_of_a_folder_alone(folder, container):
    container.upload_blob("a/other", b"")
    for name in ("2", "sub/1", "1"):
        folder.create(name, name.encode())
    assert folder.names() == ["1", "2", "sub/1"]
    assert folder.names("sub/") == ["sub/1"]
    assert folder.read_many(["2", "none", "1"]) == [b"2", None, b"1"]


def test_many_blobs_are_removed_and_one_that_is_missing_is_no_error(folder):
    names = [str(number) for number in range(300)]
    for name in names[:3]:
        folder.create(name, b"")
    folder.create("left", b"")
    folder.remove(names)
    folder.remove([])
    assert folder.names() == ["left"]
    assert (folder.exists("left"), folder.exists("1")) == (True, False)


def test_the_root_of_a_container_is_a_folder_too(container):
    root = blobs.open_folder(f"az://{container.container_name}")
    root.create("x", b"1")
    assert (root.names(), root.address) == (["x"], f"az://{container.container_name}")


@pytest.mark.parametrize(
    "url",
    [
        "az://",
        "az://Upper",
        "az://a--b",
        "az://ab",
        "az://models?sig=secret",
        "az://user:secret@models",
        "models",
    ],
)
def test_an_address_of_another_form_is_refused_without_its_secrets(url, monkeypatch):
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", "account")
    with pytest.raises(ConfigError, match="write az://CONTAINER") as caught:
        blobs.open_folder(url)
    assert "secret" not in str(caught.value)


def test_without_an_account_the_error_says_which_variables_to_set(monkeypatch):
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", " ")
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT", raising=False)
    with pytest.raises(
        ConfigError,
        match=r"set AZURE_STORAGE_ACCOUNT and run 'az login', or set AZURE_STORAGE_CONNECTION_STRING",
    ):
        blobs.open_folder("az://models")


@pytest.mark.parametrize(
    "text", ["AccountKey=c2VjcmV0", "secret", "AccountName=x;AccountKey=c2VjcmV0;BlobEndpoint=nowhere"]
)
def test_a_malformed_connection_string_is_refused_without_being_shown(text, monkeypatch):
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", text)
    with pytest.raises((ConfigError, BlobError)) as caught:
        blobs.open_folder("az://models").names()
    assert "c2VjcmV0" not in str(caught.value)
    assert "secret" not in str(caught.value)


CALLS = {
    "create": lambda folder: folder.create("x", b"1"),
    "replace": lambda folder: folder.replace("x", b"1", etag='"1"'),
    "read": lambda folder: folder.read("x"),
    "read_many": lambda folder: folder.read_many(["x", "y"]),
    "chunks": lambda folder: list(folder.chunks("x")),
    "digest": lambda folder: folder.digest("x"),
    "names": lambda folder: folder.names(),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_wrong_key_is_a_clear_error_in_every_call_and_never_shown(folder, azurite, monkeypatch, call):
    wrong = base64.b64encode(b"x" * 64).decode()
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", connection_string(azurite.port, key=wrong))
    with pytest.raises(
        BlobError, match=r"az://\w+ at http://127.0.0.1:\d+/devstoreaccount1 .*correct AZURE_STORAGE_CONN"
    ) as caught:
        call(blobs.open_folder(folder.address))
    assert wrong[:20] not in str(caught.value)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_container_that_is_missing_is_a_clear_error_in_every_call(container, call):
    with pytest.raises(
        BlobError, match=r"az://nowhere .*: make it with 'az storage container create --name nowhere'"
    ):
        call(blobs.open_folder("az://nowhere/x"))


@pytest.mark.parametrize("call", [CALLS["create"], CALLS["read"]])
def test_a_storage_that_is_down_is_told_within_seconds(monkeypatch, call):
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", connection_string(9))
    started = time.monotonic()
    with pytest.raises(BlobError, match=r"does not answer \(ServiceRequestError\): check the network"):
        call(blobs.open_folder("az://models"))
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    ("status", "code", "remedy"),
    [
        (403, "AuthorizationPermissionMismatch", "Storage Blob Data Contributor"),
        (403, "AuthorizationFailure", "firewall"),
        (
            403,
            "AuthenticationFailed",
            "credential for az://models .* was refused .* correct AZURE_STORAGE_CONNECTION_STRING",
        ),
        (403, "KeyBasedAuthenticationNotPermitted", "takes no account keys"),
        (409, "ContainerBeingDeleted", "container create"),
        (400, "InvalidHeaderValue", "status 400"),
    ],
)
def test_what_only_azure_says_has_its_remedy_and_is_never_taken_for_a_blob_that_is_there(
    monkeypatch, status, code, remedy
):
    with answering(status, code) as connection:
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", connection)
        folder = blobs.open_folder("az://models")
        for call in (CALLS["create"], CALLS["replace"], CALLS["read"]):
            with pytest.raises(BlobError, match=remedy) as caught:
                call(folder)
            assert KEY[:20] not in str(caught.value)


def test_an_account_is_entered_by_the_token_of_az_login(azurite_command, certificate, tmp_path, monkeypatch):
    tls = ("--oauth", "basic", "--cert", str(certificate), "--key", str(certificate))
    server = Azurite(azurite_command, tmp_path, *tls)
    server.start()
    az = tmp_path / "az"
    az.write_text(f"#!/bin/sh\necho '{json.dumps({'accessToken': _token(), 'expires_on': 4102444800})}'\n")
    az.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    # Else the others are tried first, over the network.
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "AzureCliCredential")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", f"https://127.0.0.1:{server.port}/{ACCOUNT}")
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING", raising=False)
    folder = blobs.open_folder("az://models")
    try:
        with pytest.raises(BlobError, match="ContainerNotFound"):
            folder.read("x")
        folder._container.create_container()
        assert (folder.create("x", b"1"), folder.read("x").content) == (True, b"1")
        az.write_text("#!/bin/sh\necho 'Please run az login' >&2\nexit 1\n")
        with pytest.raises(BlobError, match="after 'az login'"):
            blobs.open_folder("az://models").read("x")
    finally:
        server.stop()


def _token():
    claims = {
        "aud": "https://storage.azure.com",
        "iss": "https://sts.windows.net/x/",
        "iat": 0,
        "nbf": 0,
        "exp": 4102444800,
    }
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "none", "typ": "JWT"}, claims)
    ]
    return ".".join([*parts, "c2lnbmF0dXJl"])

"""kmsctl client-cert, server-cert, crl: certificates come and go."""

import json
import signal

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from support import audit, clients
from support.ctl import api, connection, mode, refused, uri_of
from support.daemon import kmsctl, wait_for


def test_another_client_is_somebody_else(workshop):
    daemon = workshop.server()
    data = daemon.server_data
    kmsctl("client-cert", "--data", data, "bob")
    assert uri_of(data / "pki/bob.pem") == ["arn:aws:iam::111122223333:user/bob"]
    assert mode(data / "pki/bob.key") == 0o600
    bob = clients.mutual(daemon, cert=data / "pki/bob.pem", key=data / "pki/bob.key")
    bob.list_keys()
    who = audit.named(data, "ListKeys")[-1]["userIdentity"]
    assert who["arn"] == "arn:aws:iam::111122223333:user/bob"
    assert "is there already" in refused("client-cert", "--data", data, "bob")
    for name in ("ca", "server", "crl", "../x", ".hidden", "a b"):
        refused("client-cert", "--data", data, "--", name)


def test_a_revoked_client_is_refused_after_a_reload_and_others_are_not(workshop):
    daemon = workshop.server()
    data = daemon.server_data
    kmsctl("client-cert", "--data", data, "bob")
    kmsctl("client-cert", "--data", data, "carol")

    def ask(name):
        return kmsctl("api", "list-keys", *connection(daemon), "--cert",
                      data / f"pki/{name}.pem", "--key", data / f"pki/{name}.key",
                      check=False).returncode

    assert ask("bob") == 0 and ask("carol") == 0
    kmsctl("crl", "--data", data, "--revoke", data / "pki/bob.pem")
    kmsctl("crl", "--data", data, "--revoke", data / "pki/bob.pem")
    daemon.process.send_signal(signal.SIGHUP)
    wait_for("bob to be refused", lambda: ask("bob") == 1)
    assert ask("carol") == 0
    crl = x509.load_pem_x509_crl((data / "pki/crl.pem").read_bytes())
    bob = x509.load_pem_x509_certificate((data / "pki/bob.pem").read_bytes())
    assert [entry.serial_number for entry in crl] == [bob.serial_number]
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 3


def test_a_certificate_of_another_ca_cannot_be_revoked(workshop, kmsd_dev):
    data = workshop.directory() / "data"
    kmsctl("init", "--data", data)
    before = (data / "pki/crl.pem").read_bytes()
    assert "not issued by this CA" in refused(
        "crl", "--data", data, "--revoke", kmsd_dev.data_dir / "pki/client.pem")
    refused("crl", "--data", data, "--revoke", data / "kmsd.yaml")
    refused("crl", "--data", data, "--revoke", data / "absent")
    assert (data / "pki/crl.pem").read_bytes() == before


def test_a_new_server_certificate_is_shown_after_a_reload(workshop):
    daemon = workshop.server()
    data = daemon.server_data
    kmsctl("server-cert", "--data", data, "--dns", "other.example")
    cert = x509.load_pem_x509_certificate((data / "pki/server.pem").read_bytes())
    key = serialization.load_pem_private_key((data / "pki/server.key").read_bytes(), None)
    assert cert.public_key() == key.public_key()
    daemon.process.send_signal(signal.SIGHUP)

    def expires():
        return json.loads(kmsctl("status", "--data", data, "--json").stdout)[
            "listeners"]["certificate_expires"]

    want = cert.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    wait_for("the new certificate", lambda: expires() == want)
    api(daemon, "list-keys")


def test_without_the_ca_key_nothing_is_issued(workshop):
    data = workshop.directory() / "data"
    kmsctl("init", "--data", data)
    (data / "pki/ca.key").rename(data / "elsewhere")
    for args in (["client-cert", "bob"], ["server-cert"],
                 ["crl", "--revoke", data / "pki/client.pem"]):
        assert "ca.key" in refused(*args, "--data", data)
    assert not (data / "pki/bob.key").exists()

"""No credential leaves the machine: key files stay out, and what looks like a key stops a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Project, Provider, Result

PV = Callable[..., Result]

# A name that a key file usually has, of every common kind.
KEY_FILES = [
    ".env", ".env.local", "prod.env", ".envrc", "deploy/.ENV", ".env-prod", "env.local",
    "a.env.prod",
    "id_rsa", "id_ed25519", "id_ed25519_sk", "id_ecdsa_work", "id_dsa.bak", "github_deploy_key",
    ".ssh/config", ".ssh/agent.py", "keys/putty.ppk", "ssh_host_rsa_key", "deploy_rsa",
    "server.pem", "tls/Server.KEY", "app.p12", "cert.pfx", "release.jks", "debug.keystore", "a.bks",
    "AuthKey_1.p8", "vpn/office.ovpn", "vault.kdbx", "http.keytab", "wg0.conf", "private_key.txt",
    ".aws/credentials", "aws-credentials.csv", "accessKeys.csv", "rootkey.csv",
    "credentials", "credentials.json", ".credentials", "gcp-service-account.json", "sa-key.json",
    "application_default_credentials.json", ".config/gcloud/adc.json", "serviceAccountKey.json",
    "x-firebase-adminsdk-1.json", "client_secret_1.json", ".boto", ".azure/token",
    "azureProfile.json", "accessTokens.json", "app.publishsettings", "local.settings.json",
    ".pypirc", ".npmrc", "pip.conf", ".netrc", "_netrc", ".docker/config.json", ".dockercfg",
    "docker/config.json", ".git-credentials", ".cargo/credentials.toml", "NuGet.Config",
    "auth.json",    ".config/gh/hosts.yml", "kaggle.json", ".gem/credentials", ".m2/settings.xml",
    ".pgpass", ".my.cnf", "my.cnf", ".mylogin.cnf", ".htpasswd", "htpasswd", "pg_service.conf",
    "wp-config.php", "settings.local.php", "local_settings.py", ".psql_history",
    "kubeconfig", "dev-kubeconfig.yaml", ".kube/config", "k8s/db-secret.yaml", "master.key",
    "terraform.tfstate", "terraform.tfstate.backup", "prod.tfvars", ".terraformrc", "terraform.rc",
    ".vault-token", ".vault_pass", "vault-password.txt", "group_vars/all/vault.yml",
    ".s3cfg", "rclone.conf", "sftp-config.json", ".authinfo.gpg",
    "secrets.yml", ".streamlit/secrets.toml", ".secrets.toml", "token.json", "openai_api_key.txt",
]  # fmt: skip
CODE = [
    "credentials.py", "secrets.py", "secret.ts", "kubeconfig.py", "id_rsa.pub", "key.py",
    "environment.yaml", "environment.py", "keys.py", "keys.md", "token.py", "monkey.txt",
    "credentials.md", "a.json", ".env.example", "public.pem", "tls/public_key.pem", "secrets/a.py",
    "service_account.go", "id_rsa_reader.py", "tokenizer.json", "user_id.txt",
    "wp-config-sample.php", "Secrets.cs", "docs/vault.md", "docker-compose.yml",
    "variables.tf", "hockey.json",
]  # fmt: skip
SECRETS = {
    "GitHub token": "ghp_" + "a1B2" * 9,
    "OpenAI": "sk-proj-" + "a1B2" * 12,
    "AWS": "AKIA" + "A1B2" * 4,
    "private key": "-----BEGIN RSA PRIVATE KEY-----\nb3BlbnNzaA==\n-----END RSA PRIVATE KEY-----",
    "address": "postgres://app:hunter2secret@db.internal/app",
    "web token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
}  # fmt: skip


def config(project: Project, **more: Any) -> str:
    project.write("code.txt", "src/\n")
    lines = ["mode: sprint", "code_context_paths: [code.txt]"]
    return project.config("\n".join([*lines, *(f"{k}: {v}" for k, v in more.items())]) + "\n")


def test_no_file_of_keys_is_sent_and_code_about_them_is(
    project: Project, provider: Provider, pv: PV
) -> None:
    for name in (*KEY_FILES, *CODE):
        project.write(f"src/{name}", f"this is {name}\n")
    done = pv("run", "--config", config(project))
    assert done.code == 0
    (asked,) = provider.asked
    prompt = asked["messages"][-1]["content"]
    assert [name for name in KEY_FILES if f"Start of src/{name}\n" in prompt] == []
    assert [name for name in CODE if f"Start of src/{name}\n" not in prompt] == []
    told = {line.rpartition(": src/")[2] for line in done.err.splitlines() if "left out" in line}
    assert told == set(KEY_FILES)


def test_only_what_a_line_asked_for_is_told(project: Project, provider: Provider, pv: PV) -> None:
    for name in ("app.py", ".env", "deep/.netrc"):
        project.write(f"src/{name}", "text\n")
    project.write("code.txt", "src/*.py\nX src/deep/\n")
    run = ("run", "--config", project.config("mode: sprint\ncode_context_paths: [code.txt]\n"))
    assert "left out" not in pv(*run).err
    project.write("code.txt", "src/.env\n")
    assert pv(*run).err.startswith("note: left out, usually holds credentials: src/.env\n")


def test_a_thousand_key_files_are_not_a_thousand_notes(
    project: Project, provider: Provider, pv: PV
) -> None:
    for number in range(230):
        project.write(f"src/{number}.pem", "key\n")
    notes = [n for n in pv("run", "--config", config(project)).err.splitlines() if "left out" in n]
    assert len(notes) == 201
    assert notes[-1] == "note: left out, usually hold credentials: 30 more files"


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("option", [(), ("--prompt-only",)], ids=["run", "prompt only"])
def test_a_file_with_a_credential_stops_the_run(
    kind: str, option: tuple[str, ...], project: Project, provider: Provider, pv: PV
) -> None:
    project.write("src/app.py", f"# one\n# two\nvalue = '''{SECRETS[kind]}'''\n")
    done = pv("run", "--config", config(project), *option)
    assert (done.code, provider.asked, project.prompts) == (2, [], [])
    assert done.err.startswith("error: src/app.py:3: looks like a credential: ")
    assert '--allow-secret "src/app.py:3"' in done.err
    assert SECRETS[kind].splitlines()[-1] not in done.err + done.out
    for log in project.files("logs/*"):
        assert SECRETS[kind].splitlines()[-1] not in log.read_text()


@pytest.mark.parametrize("place", ["src/app.py", "src/app.py:1"])
def test_an_exception_is_named(place: str, project: Project, provider: Provider, pv: PV) -> None:
    project.write("src/app.py", f"key = '{SECRETS['AWS']}'\n")
    assert pv("run", "--config", config(project), "--allow-secret", place).code == 0
    assert SECRETS["AWS"] in provider.asked[0]["messages"][-1]["content"]
    project.write("src/more.py", f"key = '{SECRETS['OpenAI']}'\n")
    done = pv("run", "--config", config(project), "--allow-secret", place)
    assert done.err.startswith("error: src/more.py:1: ")
    assert len(provider.asked) == 1


def test_every_part_of_what_is_sent_is_searched(
    project: Project, provider: Provider, pv: PV
) -> None:
    secret = SECRETS["GitHub token"]
    project.write("src/app.py", "pass\n")
    project.write("prompts/demo/errors/trace.txt", f"one\n{secret}\n")
    error = pv("run", "--config", config(project, error_file_name="trace.txt"))
    requirements = project.write("prompts/demo/prd.md", f"# Product\n\n{secret}\n")
    product = pv("run", "--config", config(project))
    requirements.unlink()
    task = pv("run", "--config", config(project, execution_details=f"use {secret}"))
    turn = f"[{{role: user, content: {secret}}}]"
    history = pv("run", "--config", config(project, conversation_history=turn))
    assert "errors/trace.txt:2: looks like" in error.err
    assert product.err.startswith("error: prompts/demo/prd.md:3: looks like")
    assert history.err.startswith("error: conversation_history[0]:1: looks like")
    assert (error.code, task.code, history.code, provider.asked) == (2, 2, 2, [])


def test_ids_that_open_nothing_are_no_credentials(
    project: Project, provider: Provider, pv: PV
) -> None:
    project.write("src/a.tf", 'arn = "arn:aws:iam::123456789012:role/app"\n')
    assert pv("run", "--config", config(project)).code == 0
    assert len(provider.asked) == 1

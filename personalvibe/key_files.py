"""Which files usually hold credentials, by their names.

The patterns are those of .gitignore, in lower case.
"""

from __future__ import annotations

import functools

from pathspec import GitIgnoreSpec


def _patterns(text: str) -> tuple[str, ...]:
    return tuple(text.split())


#: Names that say it, whatever the format. Code and texts of such names are about credentials.
_SAYING_IT = _patterns("""
    credentials credentials.* .credentials *[-_]credentials *[-_]credentials.* *credentials*.csv
    secret secrets secret.* secrets.* .secrets .secrets.* client_secret*
    *[-_]secret.y*ml *[-_]secrets.y*ml *[-_]secret*.json *[-_]secret.txt
    password passwords password.* passwords.* private[-_]key* privatekey*
    token tokens token.* tokens.json *[-_]token *[-_]token.* *accesstoken*.*
    *api[-_]key *api[-_]key.* *api[-_]keys.* *apikey.* *access[-_]key*.* *accesskey*.*
    *service[-_]account* *serviceaccount* *service[-_]principal* *serviceprincipal*
    *kubeconfig* *vault[-_]pass* *deploy[-_]key *.htpasswd
    .env[-_]* *.env *.env.* env.local
    id_rsa* id_dsa* id_ecdsa* id_ed25519* id_xmss*
    *_rsa *_dsa *_ecdsa *_ecdsa_sk *_ed25519 *_ed25519_sk
""")
_CODE_AND_TEXTS = _patterns("""
    c cc cjs clj cpp cs css dart el erl ex exs go graphql h hpp hs html ipynb java jl js jsx kt kts
    less lua m md mdx mjs php pl pm proto py pyi r rb rs rst scala scss sql svelte svg swift tf ts
    tsx vue
""")
#: Files that have their names from the program that reads them, code or not.
_KNOWN = (
    *_patterns(".env .env.* .env~ .envrc .flaskenv"),  # the environment of a process
    *_patterns("""
        *.pem *.key *.ppk *.p8 *.pk8 *.p12 *.pfx *.jks *.jceks *.bks *.bcfks *.keystore *.truststore
        *.keytab krb5cc_* *.kdb *.kdbx *.kdbx.* *.agekey ssh_host_*_key secring.* private*.asc
        private*.gpg *.ovpn *.pcf wg[0-9]*.conf wireguard*.conf
    """),
    *_patterns("""
        azureprofile.json msal_token_cache.* *.publishsettings local.settings.json **/gcloud/*.db
        gha-creds-*.json *firebase-adminsdk*.json sa[-_]key*.json gcp[-_]key*.json rootkey.csv .boto
        boto.cfg .s3cfg s3cfg *passwd-s3fs rclone.conf .rclone.conf .hcloud.toml ngrok.yml
        .databrickscfg
    """),  # clouds
    *_patterns("""
        .pypirc .pydistutils.cfg pip.conf pip.ini .condarc .npmrc .yarnrc .yarnrc.yml .netrc _netrc
        .netrc.* auth.json auth.toml nuget.config .gemrc **/.bundle/config **/.cargo/credentials*
        settings-security.xml **/.gradle/gradle.properties **/docker/config.json .dockercfg
        .dockerconfigjson dockerconfig.json .git-credentials **/gh/hosts.yml **/.config/hub
        kaggle.json **/huggingface/token .sentryclirc jupyter_cookie_secret
    """),  # package indexes, registries and code hosts
    *_patterns("""
        .pgpass pgpass.conf .pg_service.conf pg_service.conf .my.cnf my.cnf .mylogin.cnf .mongorc.js
        .odbc.ini odbc.ini cwallet.sso *.wallet .dbshell .htpasswd htpasswd .htdigest wp-config*.php
        wp-config*.php.* localsettings.php settings.local.php local_settings.py secret_token.rb
    """),  # databases and web servers
    *_patterns("""
        **/kube/config **/kubernetes/admin.conf *.tfstate *.tfstate.* *.tfvars *.tfvars.json
        .terraformrc terraform.rc .vault-token .vault[-_]* vault.y*ml *.vault
    """),  # clusters and infrastructure
    *_patterns("""
        .authinfo* .msmtprc .fetchmailrc .muttrc *smbcredentials .cifscredentials sftp.json
        sftp-config.json .ftpconfig ftpsync.settings filezilla.xml recentservers.xml sitemanager.xml
        cookies.txt cookies.sqlite logins.json key[34].db .*_history wallet.dat utc--*
    """),  # mail, transfer, browsers, shells
)
#: Examples, and the public halves of keys.
_HARMLESS = _patterns("""
    .env.example .env.template .env.sample .env.dist .env.*.example *.env.example example.env
    sample.env template.env wp-config-sample.php *.pub *public*.pem *public*.key ca.pem cacert.pem
    ca[-_]bundle.pem *chain.pem
""")
#: Folders in which every file is one.
_FOLDERS = _patterns("""
    .ssh .gnupg .password-store .aws .azure .oci .gcloud .config/gcloud gcloud/legacy_credentials
    .aliyun .bluemix .doctl .config/doctl .config/hcloud .mc .fly .netlify .vercel .wrangler
    .cloudflared .ngrok2 .snowsql .snowflake .dbt .docker .gem .m2 .config/gh .config/glab-cli
    .huggingface .kube .terraform .terraform.d .pulumi .chef .mutt
""")

#: Of two that match, the later one counts.
FILE_PATTERNS = (
    *_SAYING_IT,
    *(f"!*.{suffix}" for suffix in _CODE_AND_TEXTS),
    *_KNOWN,
    *(f"!{pattern}" for pattern in _HARMLESS),
    *(f"**/{folder}/**" for folder in _FOLDERS),
)


def is_key_file(name: str) -> bool:
    """Whether a file, by its path from the project root, usually holds credentials."""
    return _spec().match_file(name.lower())


@functools.cache
def _spec() -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(FILE_PATTERNS)

"""The prefixes by which vendors mark their tokens: facts that they publish, one line each.

A token is its prefix and then at least so many characters of its alphabet. The lists of GitHub's
secret scanning, gitleaks and detect-secrets name the same prefixes. `shapes` makes a pattern of
each line, the page on secrets lists them, and a test shows each of them hidden.
"""

from __future__ import annotations

from typing import NamedTuple


class TokenPrefix(NamedTuple):
    vendor: str
    prefixes: tuple[str, ...]
    """Any of them; literal."""
    alphabet: str
    """A key of `ALPHABETS`."""
    length: int
    """Characters that follow at the least."""


ALPHABETS = {
    "hex": "[0-9a-f]",
    "alnum": "[A-Za-z0-9]",
    "caps": "[A-Z0-9]",
    "word": "[A-Za-z0-9_-]",
    "dots": "[A-Za-z0-9_.-]",
    "b64": "[A-Za-z0-9+/_=-]",
    "uuid": "[0-9a-f-]",
}

_TABLE = """
Adafruit            | aio_                                                  | alnum | 28
age                 | AGE-SECRET-KEY-1                                      | caps  | 50
Alibaba Cloud       | LTAI                                                  | alnum | 17
Anthropic           | sk-ant-                                               | word  | 16
Artifactory         | AKCp                                                  | alnum | 60
Atlassian           | ATATT3 ATCTT3                                         | b64   | 60
AWS                 | AKIA ASIA                                             | caps  | 16
AWS Bedrock         | ABSK                                                  | b64   | 40
Bitbucket           | ATBB                                                  | alnum | 24
Brevo               | xkeysib- xsmtpsib-                                    | word  | 60
Cerebras            | csk-                                                  | alnum | 20
CircleCI            | CCIPAT_ CCIPRJ_                                       | word  | 40
Clojars             | CLOJARS_                                              | alnum | 60
Contentful          | CFPAT-                                                | word  | 40
Databricks          | dapi                                                  | hex   | 32
DigitalOcean        | dop_v1_ doo_v1_ dor_v1_                               | hex   | 64
Docker              | dckr_pat_ dckr_oat_                                   | word  | 20
Doppler             | dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit.        | dots  | 40
Dropbox             | sl.B sl.u.                                            | word  | 60
Duffel              | duffel_live_ duffel_test_                             | word  | 40
Dynatrace           | dt0c01. dt0s01. dt0s16.                               | dots  | 80
EasyPost            | EZAK EZTK                                             | alnum | 54
ElevenLabs          | sk_                                                   | hex   | 48
Facebook            | EAAC EAAM                                             | alnum | 80
Figma               | figd_ figo_ figdr_                                    | word  | 30
Fireworks           | fw_                                                   | alnum | 20
Flutterwave         | FLWSECK_TEST- FLWSECK-                                | word  | 12
Fly.io              | fo1_ fm1_ fm1a_ fm1r_ fm2_                            | b64   | 40
Frame.io            | fio-u-                                                | word  | 60
GitHub              | ghp_ gho_ ghu_ ghs_ ghr_                              | alnum | 30
GitHub              | github_pat_                                           | word  | 22
GitLab              | glpat- gldt- glrt- glft- glptt- glcbt- glimt- gloas-  | dots  | 20
GitLab              | glagent- glsoat- glffct- glrtr-                       | dots  | 20
Google              | AIza                                                  | word  | 35
Google              | AQ.Ab                                                 | word  | 30
Google              | ya29.                                                 | dots  | 20
Google              | 1//0                                                  | word  | 30
Google              | GOCSPX-                                               | word  | 20
Grafana             | glc_ glsa_                                            | b64   | 32
Groq                | gsk_                                                  | alnum | 20
HashiCorp Vault     | hvs. hvb. hvr.                                        | word  | 24
Heroku              | HRKU-                                                 | word  | 30
HubSpot             | pat-na1- pat-na2- pat-eu1-                            | word  | 32
Hugging Face        | hf_ api_org_                                          | alnum | 30
Infracost           | ico-                                                  | alnum | 32
Jina                | jina_                                                 | word  | 30
LangSmith           | lsv2_pt_ lsv2_sk_                                     | word  | 20
LaunchDarkly        | sdk- mob- api-                                        | uuid  | 36
Linear              | lin_api_ lin_oauth_                                   | alnum | 32
Mailgun             | key- pubkey-                                          | hex   | 32
Mapbox              | sk.eyJ tk.eyJ                                         | dots  | 60
Neon                | napi_                                                 | alnum | 40
Netlify             | nfp_ nfc_ nfo_ nfu_                                   | alnum | 36
New Relic           | NRAK- NRAA- NRRA- NRII- NRSP- NRIQ-                   | word  | 24
Notion              | ntn_                                                  | alnum | 40
Notion              | secret_                                               | alnum | 43
npm                 | npm_                                                  | alnum | 30
NuGet               | oy2                                                   | alnum | 43
NVIDIA              | nvapi-                                                | word  | 40
OpenAI              | sk-                                                   | word  | 20
OpenAI              | sess-                                                 | alnum | 32
OpenAI              | ek_                                                   | hex   | 32
OpenAI organization | org-                                                  | alnum | 20
OpenAI project      | proj_                                                 | alnum | 20
OpenShift           | sha256~                                               | word  | 43
Perplexity          | pplx-                                                 | alnum | 30
Pinecone            | pcsk_                                                 | word  | 30
Plaid               | access-sandbox- access-development- access-production- | uuid  | 36
PlanetScale         | pscale_tkn_ pscale_pw_ pscale_oauth_                  | dots  | 32
PostHog             | phx_ phs_                                             | alnum | 40
Postman             | PMAK-                                                 | word  | 50
Prefect             | pnu_ pnb_                                             | alnum | 36
Pulumi              | pul-                                                  | hex   | 40
PyPI                | pypi-AgE                                              | word  | 30
ReadMe              | rdme_                                                 | alnum | 60
Replicate           | r8_                                                   | alnum | 30
Resend              | re_                                                   | word  | 30
RubyGems            | rubygems_                                             | hex   | 48
RunPod              | rpa_                                                  | alnum | 40
SendGrid            | SG.                                                   | dots  | 40
Sentry              | sntrys_ sntryu_                                       | b64   | 40
Shippo              | shippo_live_ shippo_test_                             | hex   | 40
Shopify             | shpat_ shpca_ shppa_ shpss_ shptka_                   | alnum | 32
Slack               | xoxa- xoxb- xoxe- xoxo- xoxp- xoxr- xoxs- xoxc- xoxd- | word  | 10
Slack               | xapp- xoxe.xoxb- xoxe.xoxp-                           | word  | 20
Snyk                | snyk_uat. snyk_sat.                                   | dots  | 30
SonarQube           | sqp_ squ_ sqa_                                        | hex   | 40
Sourcegraph         | sgp_                                                  | word  | 40
Square              | sq0atp- sq0csp-                                       | word  | 22
Square              | EAAAE EAAAl                                           | word  | 59
Stripe              | sk_live_ sk_test_ rk_live_ rk_test_                   | alnum | 16
Stripe              | whsec_                                                | b64   | 24
Supabase            | sbp_                                                  | hex   | 40
Supabase            | sb_secret_                                            | word  | 20
Tailscale           | tskey-api- tskey-auth- tskey-client- tskey-scim-      | word  | 20
Tavily              | tvly-                                                 | word  | 20
Together            | tgp_v1_                                               | word  | 40
Twilio              | SK                                                    | hex   | 32
Typeform            | tfp_                                                  | dots  | 40
Vercel              | vcp_ vci_ vca_ vcr_ vck_                              | alnum | 24
Voyage              | pa-                                                   | word  | 40
Weights & Biases    | wandb_v1_                                             | word  | 40
xAI                 | xai-                                                  | alnum | 20
Yandex Cloud        | AQVN                                                  | word  | 35
"""


def _read(line: str) -> TokenPrefix:
    vendor, prefixes, alphabet, length = (part.strip() for part in line.split("|"))
    return TokenPrefix(vendor, tuple(prefixes.split()), alphabet, int(length))


TOKEN_PREFIXES = tuple(_read(line) for line in _TABLE.strip().splitlines())

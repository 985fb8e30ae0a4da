"""Thumbprints (RFC 7638) that others have published."""

from __future__ import annotations

KNOWN = (
    # RFC 8037, appendix A.3
    ({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
     "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
    # RFC 9449, the key of its examples, with the `jkt` of its section 6.1
    ({"kty": "EC", "crv": "P-256", "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
      "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA", "use": "sig", "kid": "not counted"},
     "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"),
)

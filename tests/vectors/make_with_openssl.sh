#!/usr/bin/env bash
# Makes the test keys (only those that are missing) and signs the inputs with the openssl command.
# Run after make_with_node.mjs, which writes inputs/notify_body.json. Result: wechatpay/openssl.json
set -euo pipefail
cd "$(dirname "$0")/wechatpay"

new_key() {  # name
    [ -f "keys/$1_private.pem" ] && return
    { echo "TEST VECTOR KEY OF TONGBAO: published, worthless, never use it."
      openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048; } > "keys/$1_private.pem"
    openssl pkey -in "keys/$1_private.pem" -pubout -out "keys/$1_public.pem"
}

new_certificate() {
    [ -f keys/platform_certificate.pem ] && return
    openssl req -x509 -new -key keys/platform_private.pem -sha256 -days 1826 \
        -subj "/CN=Tenpay.com sign (test vector)" -set_serial 0x5157F09EFDC096DE15EBE81A47057A7200000001 \
        -out keys/platform_certificate.pem
}

sign() {  # private key; the message comes on standard input
    openssl dgst -sha256 -sign "keys/$1_private.pem" -binary | openssl base64 -A
}

TIMESTAMP=1800000000
NONCE=593BEC0C930BF1AFEB40B4A08C8FB242

request() {  # method, target, file of the body
    printf '%s\n%s\n%s\n%s\n' "$1" "$2" "$TIMESTAMP" "$NONCE"; cat "$3"; printf '\n'
}

answer() {  # file of the body
    printf '%s\n%s\n' "$TIMESTAMP" "$NONCE"; cat "$1"; printf '\n'
}

if [ "${1:-}" = keys ]; then
    for name in merchant wechatpay platform; do new_key "$name"; done
    new_certificate
    exit
fi

cat > openssl.json <<JSON
{
  "made_by": "$(openssl version | cut -d' ' -f1,2)",
  "timestamp": "$TIMESTAMP",
  "nonce": "$NONCE",
  "request_signature": "$(request POST /v3/pay/transactions/native inputs/request_body.json | sign merchant)",
  "query_signature": "$(request GET '/v3/pay/transactions/out-trade-no/TB01ABCDEFGHJKMNPQRSTVWXYZ01234?mchid=1900000001' /dev/null | sign merchant)",
  "answer_signature": "$(answer inputs/answer_body.json | sign wechatpay)",
  "empty_answer_signature": "$(answer /dev/null | sign wechatpay)",
  "notify_signature": "$(answer inputs/notify_body.json | sign wechatpay)",
  "platform_notify_signature": "$(answer inputs/notify_body.json | sign platform)"
}
JSON

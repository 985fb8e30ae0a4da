"""Root keys, signing keys and the signed set of those that count: `scripts/keys`.

`key_set` and `steps` are pure; `files` alone touches a disk; nothing shows a private part.
"""

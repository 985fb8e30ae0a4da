"""Mistakes made on purpose: each must be found by the proof, or the proof is worth nothing.

`bugs` says what a mistake is and how it is looked for; `of_stores`, `of_bookings`, `of_refunds`,
`of_devices`, `of_leases`, `of_timers` and `of_verification` hold the mistakes.
"""

"""Everything durable, in Alibaba Cloud Tablestore.

    repositories  orders.py licenses.py held_payments.py   the ports: one row per aggregate,
                  complaints.py work_list.py ledger.py      work, movement of money,
                  payer_refunds.py reconciliations.py       noted refund or day
    mapping       *_rows.py *_columns.py grants.py          aggregate <-> columns, pure
    row store     row_store.py writers.py attempts.py       retry, and "was that write mine?"
    client        client.py wire.py outcomes.py             one attempt, its outcome told apart
    tables        tables.py                                 what exists in the instance

client.py is the only file of the project that imports the vendor's SDK.
"""

"""Writes audit.json beside it: hashes of audit rows as tests/verify_audit.py, not Jett, computes them.

python3 tests/vectors/record_audit.py
"""
import json, pathlib, sys

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here.parent))
from verify_audit import COLUMNS, Text, digest  # noqa: E402

ORIGIN, KEY, SALT = "jett/audit/00112233aabbccdd", bytes(range(32)), bytes(range(100, 132))
TEXTS = ["{}", '{"name":"n8n","tail":50}', '{"said":"\u00fcber \u4f60\u597d \U0001f600"}']
ROWS = [
    dict(kind="opened", decision="opened", reason="jett 0.1.0"),
    dict(kind="intent", call_id="call-1", turn_id="turn-1", conversation_id="c", origin="model", tool="restart_container",
         container="n8n", target_id="ab" * 32, tier="change", tainted=1, decision="granted", reason="confirmed", text=1),
    dict(kind="outcome", call_id="call-1", tainted=0, decision="done", reason="", text=2),
    dict(kind="denied", container="\ufffd n\u00e9e", at_ms=-1, mono_ms=2**53 - 1),
]

def commit(text): return digest("jett audit payload", SALT, Text(text.encode()))

genesis = prev = digest("jett audit genesis", ORIGIN, KEY)
rows = []
for seq, row in enumerate(ROWS, 1):
    given = dict(at_ms=1_700_000_000_000 + seq, mono_ms=1_000 * seq, boot="boot-1") | row
    values = [dict(given, seq=seq, prev=prev, payload_commit=commit(TEXTS[row["text"]]) if "text" in row else None).get(name)
              for name in COLUMNS]
    prev = digest("jett audit row", *values)
    plain = [{"hex": value.hex()} if isinstance(value, bytes) else value for value in values]
    rows.append({"values": plain, "hash": prev.hex()})
vectors = {"origin": ORIGIN, "publicKey": KEY.hex(), "genesis": genesis.hex(), "rows": rows,
           "payloads": [{"salt": SALT.hex(), "text": text, "commit": commit(text).hex()} for text in TEXTS]}
(here / "audit.json").write_text(json.dumps(vectors, indent=2) + "\n")

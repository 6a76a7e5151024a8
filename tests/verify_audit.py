"""A second verifier of Jett's audit log, from the description in docs/decisions alone; standard library only.

python3 tests/verify_audit.py AUDIT.DB [CHECKPOINT]   exits with 0 valid, 10 broken, 11 truncated, 12 cannot be verified
"""
import base64, hashlib, sqlite3, struct, sys

FORMAT = 1
COLUMNS = ("seq prev at_ms mono_ms boot kind call_id turn_id conversation_id origin tool container target_id tier"
           " tainted decision reason payload_commit").split()

class Text(bytes): pass
class Verdict(Exception): pass

def encode(value):
    if value is None: return b"\0"
    if isinstance(value, int): return b"\1" + struct.pack(">q", value)
    if isinstance(value, str): value = Text(value.encode())
    if not isinstance(value, bytes): raise Verdict(10, "a value has a wrong type")
    return (b"\2" if isinstance(value, Text) else b"\3") + struct.pack(">I", len(value)) + value

def digest(domain, *values):
    return hashlib.sha256(b"".join(map(encode, (domain, FORMAT, *values)))).digest()

# Ed25519, verifying only: RFC 8032, section 6.
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P

def add(a, b):
    w, x, y, z = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0]), 2 * a[3] * b[3] * D, 2 * a[2] * b[2]
    e, f, g, h = x - w, z - y, z + y, x + w
    return e * f % P, g * h % P, f * g % P, e * h % P

def multiply(n, a):
    result = (0, 1, 1, 0)
    while n:
        if n & 1: result = add(result, a)
        a, n = add(a, a), n >> 1
    return result

def point(data):
    n = int.from_bytes(data, "little")
    y, sign = n & (2**255 - 1), n >> 255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P: x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P: return None
    return (P - x if x & 1 != sign else x, y, 1, (P - x if x & 1 != sign else x) * y % P)

def signed(key, message, signature):
    a, r, s = point(key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or not a or not r or s >= L: return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    base = point(bytes([0x58]) + bytes([0x66]) * 31)
    left, right = multiply(s, base), add(r, multiply(h, a))
    return all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))

def checkpoint(note, origin, key, code):
    """(size, root) of a note that `key` signed."""
    try:
        text, signatures = note.rsplit("\n\n", 1)
        name, size, root = text.split("\n")[:3]
        key_id = hashlib.sha256(origin.encode() + b"\n\1" + key).digest()[:4]
        made = [base64.b64decode(line.split(" ")[2]) for line in signatures.splitlines() if line.startswith(f"— {origin} ")]
        ours = [blob[4:] for blob in made if blob[:4] == key_id]
        if name == origin and ours and all(signed(key, f"{text}\n".encode(), blob) for blob in ours):
            return int(size), base64.b64decode(root)
    except (ValueError, IndexError): pass
    raise Verdict(code, "a checkpoint is not of this log, or not signed by its key")

def verify(path, note):
    log = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    log.text_factory = Text
    header = [log.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    if header != [0x4A654175, FORMAT]: raise Verdict(12, "not an audit log of this format")
    (origin, key, genesis), = log.execute("SELECT origin, public_key, genesis FROM log")
    if genesis != digest("jett audit genesis", origin, key): raise Verdict(10, "identity")
    kept = checkpoint(note, origin.decode(), key, 12) if note else (0, genesis)
    own = {size: checkpoint(text.decode(), origin.decode(), key, 10) for size, text in log.execute("SELECT * FROM checkpoints")}
    erased = "SELECT coalesce(max(CAST(target_id AS INTEGER)), 0) FROM rows WHERE kind = 'erased' AND CAST(target_id AS INTEGER) < seq"
    through, last, head = log.execute(erased).fetchone()[0], 0, genesis
    names = ", ".join(f"r.{name}" for name in COLUMNS)
    for row in log.execute(f"SELECT {names}, r.hash, p.salt, p.text FROM rows r LEFT JOIN payloads p USING (seq) ORDER BY r.seq"):
        *values, found, salt, text = row
        seq, commit = values[0], values[-1]
        if seq != last + 1 or values[1] != head or found != digest("jett audit row", *values): raise Verdict(10, f"row {last + 1}")
        if (commit is None) != (salt is None) and not (commit and seq <= through): raise Verdict(10, f"text of row {seq}")
        if commit and salt and commit != digest("jett audit payload", salt, text): raise Verdict(10, f"text of row {seq}")
        last, head = seq, found
        if own.get(seq, (seq, head)) != (seq, head) or kept[0] == seq and kept[1] != head: raise Verdict(10, f"checkpoint at row {seq}")
    if max([kept[0], *own]) > last: raise Verdict(11, f"ends at row {last}")
    if log.execute("SELECT 1 FROM payloads WHERE seq NOT IN (SELECT seq FROM rows)").fetchone(): raise Verdict(10, "a stray text")
    if log.execute("PRAGMA integrity_check(1)").fetchone()[0] not in (b"ok", "ok"): raise Verdict(10, "the database")
    return f"{last} {head.hex()}"

if __name__ == "__main__":
    try:
        print(verify(sys.argv[1], open(sys.argv[2], encoding="utf-8").read() if len(sys.argv) > 2 else None))
    except Verdict as verdict:
        print(verdict.args[1])
        sys.exit(verdict.args[0])
    except (sqlite3.Error, OSError, ValueError) as error:
        print(error)
        sys.exit(12)

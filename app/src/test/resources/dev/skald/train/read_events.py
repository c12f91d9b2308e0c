"""Reads a TensorBoard event file by the published formats (TFRecord, event.proto, summary.proto) and nothing of Skald's.

Golden values: python3 read_events.py FILE prints a line for each event. The masked CRC-32C is computed bit by bit here.
The file events_golden.bin was made with make_golden() below, from the same formats.
"""
import struct
import sys


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


assert crc32c(b"123456789") == 0xE3069283  # the check value of CRC-32C (RFC 3720, appendix B.4 and the CRC catalogue)


def masked(data):
    crc = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at


def fields(data):
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 1:
            value, at = struct.unpack("<d", data[at : at + 8])[0], at + 8
        elif kind == 5:
            value, at = struct.unpack("<f", data[at : at + 4])[0], at + 4
        else:
            size, at = varint(data, at)
            value, at = data[at : at + size], at + size
        yield number, value


def events(data):
    at = 0
    while at < len(data):
        length = struct.unpack("<Q", data[at : at + 8])[0]
        assert struct.unpack("<I", data[at + 8 : at + 12])[0] == masked(data[at : at + 8])
        body = data[at + 12 : at + 12 + length]
        assert struct.unpack("<I", data[at + 12 + length : at + 16 + length])[0] == masked(body)
        at += 16 + length
        yield dict(fields(body))


def encode_varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def block(number, body):
    return encode_varint(number << 3 | 2) + encode_varint(len(body)) + body


def record(body):
    length = struct.pack("<Q", len(body))
    return length + struct.pack("<I", masked(length)) + body + struct.pack("<I", masked(body))


def make_golden():
    """A version, a session start at step 301, and two scalars at wall time 1234.5."""
    time = encode_varint(1 << 3 | 1) + struct.pack("<d", 1234.5)

    def step(n):
        return encode_varint(2 << 3) + encode_varint(n)

    def scalar(tag, value):
        return block(1, block(1, tag.encode()) + encode_varint(2 << 3 | 5) + struct.pack("<f", value))

    return (
        record(time + block(3, b"brain.Event:2"))
        + record(time + step(301) + block(7, encode_varint(1 << 3) + encode_varint(1)))
        + record(time + step(301) + block(5, scalar("train/loss", 2.25)))
        + record(time + step(70000) + block(5, scalar("eval/loss/ål", -1e-7)))
    )


if __name__ == "__main__":
    if sys.argv[1] == "--golden":
        with open("events_golden.bin", "wb") as out:
            out.write(make_golden())
        sys.exit()
    for event in events(open(sys.argv[1], "rb").read()):
        line = {"time": event[1], "step": event.get(2, 0)}
        if 3 in event:
            line["version"] = event[3].decode()
        for number, value in fields(event.get(5, b"")):
            one = dict(fields(value))
            line[one[1].decode()] = one[2]
        if 7 in event:
            line["session"] = dict(fields(event[7]))[1]
        print(line)

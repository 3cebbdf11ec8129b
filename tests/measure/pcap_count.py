#!/usr/bin/python3
"""Counts probe frames in what tcpdump captured, without any code of the instrument.

    pcap_count.py STREAM:SENT.pcap:RECEIVED.pcap ...

For each stream: the frames in the capture of the sending side, and what became of them in that of
the receiving side. One JSON object on stdout. The layout of a frame is that of docs/measurement.md.
"""

import json
import mmap
import struct
import sys

MAGIC = 0x49535355
FRAME = struct.Struct(">IHHQQ")  # magic, stream, flags, run, number
RECORD = {"<": struct.Struct("<IIII"), ">": struct.Struct(">IIII")}
WARM_UP = 1


def frames(path):
    """(stream, run, number, nanoseconds) of each counted frame, in the order of the capture."""
    with open(path, "rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    order = "<" if data[:4] in (b"\x4d\x3c\xb2\xa1", b"\xd4\xc3\xb2\xa1") else ">"
    magic, link = struct.unpack_from(order + "I16xI", data, 0)
    if magic not in (0xA1B23C4D, 0xA1B2C3D4) or link & 0xFFFF != 1:
        sys.exit(f"{path} is no pcap file of an Ethernet interface")
    unit = 1 if magic == 0xA1B23C4D else 1000
    record, at, end = RECORD[order], 24, len(data)
    while at + 16 <= end:
        seconds, fraction, captured, _ = record.unpack_from(data, at)
        packet = at + 16
        at = packet + captured
        if at > end:
            sys.exit(f"{path} ends in the middle of a packet")
        kind = data[packet + 12] << 8 | data[packet + 13]
        if kind == 0x0800 and data[packet + 23] == 17:
            payload = packet + 14 + (data[packet + 14] & 15) * 4 + 8
        elif kind == 0x86DD and data[packet + 20] == 17:
            payload = packet + 14 + 40 + 8
        else:
            continue
        if payload + FRAME.size > at:
            continue
        number_sign, stream, flags, run, number = FRAME.unpack_from(data, payload)
        if number_sign == MAGIC and flags != WARM_UP:
            yield stream, run, number, seconds * 1_000_000_000 + fraction * unit


def captured(path, stream, run=None):
    """The frames of one stream of one run: (number, time). The first run that is seen, if none."""
    found = []
    for its_stream, its_run, number, time in frames(path):
        if its_stream == stream and run in (None, its_run):
            run = its_run
            found.append((number, time))
    return run, found


def judge(sent, received):
    """What became of the frames: plain sets, no window, nothing of the instrument's way."""
    numbers = {number for number, _ in sent}
    first, duplicated, reordered, highest = {}, 0, 0, -1
    records = []  # arrivals that were the highest number so far
    for number, time in received:
        if number in first:
            duplicated += 1
            continue
        first[number] = time
        if number < highest:
            reordered += 1
        else:
            highest = number
            records.append((number, time))
    lost = sorted(numbers - first.keys())
    gaps, place = [], 0
    for number in lost:
        while place < len(records) and records[place][0] < number:
            place += 1
        if place == 0 or place == len(records):
            gaps.append((place, None))  # before the first arrival, or behind the last
        elif not gaps or gaps[-1][0] != place:
            gaps.append((place, records[place][1] - records[place - 1][1]))
    lengths = [length for _, length in gaps if length is not None]
    return {
        "sent": len(numbers),
        "sent_copies": len(sent) - len(numbers),
        "received": len(first.keys() & numbers),
        "strangers": len(first.keys() - numbers),
        "lost": len(lost),
        "duplicated": duplicated,
        "reordered": reordered,
        "gap_count": len(gaps),
        "gaps_ns": lengths,
        "longest_gap_ns": max(lengths, default=0),
    }


def main():
    result = {}
    for word in sys.argv[1:]:
        stream, sent_file, received_file = word.split(":")
        run, sent = captured(sent_file, int(stream))
        _, received = captured(received_file, int(stream), run)
        result[stream] = judge(sent, received)
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()

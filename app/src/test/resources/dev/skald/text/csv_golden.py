"""Writes golden.csv, quoted.csv and golden.tsv by Python's csv module, and csv_golden.json: the rows as the datasets library types them, by pandas'
rule (a column is of whole numbers, of numbers or of truth values if all of its fields are; else of texts; an empty field is none), written here again.

    python3 csv_golden.py
"""
import csv
import json
from pathlib import Path

here = Path(__file__).parent
header = ["question", "choices", "answer", "weight", "known", "note"]
rows = [
    ["Vad är 1, 2 och 3?", '["ett", "två"]', "1", "0.5", "True", ""],
    ['Hun sa "hej"\nog gikk', "a\r\nb", "0", "2", "False", "ø"],
    ['"', "'", "-3", "-1e3", "true", "007"],
    ["", ",", "12", "", "FALSE", "x"],
    [" mellomrom ", "𝄞 é", "+4", ".5", "false", "\t"],
]


def typed(column):
    filled = [v for v in column if v != ""]
    if all(v.lstrip("+-").isdecimal() for v in filled):
        return [None if v == "" else int(v) for v in column]
    try:
        return [None if v == "" else float(v) for v in column]
    except ValueError:
        pass
    if all(v.lower() in ("true", "false") for v in filled):
        return [None if v == "" else v.lower() == "true" for v in column]
    return [None if v == "" else v for v in column]


for name, options in {"golden.csv": {}, "quoted.csv": {"quoting": csv.QUOTE_ALL, "lineterminator": "\n"}, "golden.tsv": {"delimiter": "\t"}}.items():
    with open(here / name, "w", newline="", encoding="utf-8-sig" if name == "quoted.csv" else "utf-8") as out:
        csv.writer(out, **options).writerows([header, *rows])
columns = [typed([row[i] for row in rows]) for i in range(len(header))]
(here / "csv_golden.json").write_text(json.dumps([dict(zip(header, values)) for values in zip(*columns)], ensure_ascii=False, indent=1))

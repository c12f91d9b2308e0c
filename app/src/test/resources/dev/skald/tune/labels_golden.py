"""Writes labels_golden.json: rows, how they are configured, and the ids and labels that Axolotl's rule gives them.

The rule of type chat_template is written down here from its description (axolotl 0.18, src/axolotl/prompt_strategies/chat_template.py), independently of
the Java code: a message's content is where a rendering with it and one with a dummy in its place differ. Templates are rendered by Jinja2, tokens are
bytes and the special tokens. Run: python3 labels_golden.py (needs jinja2)
"""

import json
import pathlib
import re

from jinja2.sandbox import ImmutableSandboxedEnvironment

HERE = pathlib.Path(__file__).parent
CHAT = HERE / "../../../../../../../core/src/main/resources/dev/skald/chat"
SPECIAL = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|im_start|>", "<|im_end|>"]
IDS = {token: 256 + i for i, token in enumerate(SPECIAL)}
THINKING = """{%- for m in messages %}<|im_start|>{{ m.role }}
{% if m.reasoning_content %}<think>{{ m.reasoning_content }}</think>
{% endif %}{{ m.content }}<|im_end|>
{% endfor %}"""


def encode(text):
    ids = []
    for part in re.split("(" + "|".join(re.escape(t) for t in SPECIAL) + ")", text):
        ids += [IDS[part]] if part in IDS else list(part.encode())
    return ids


class Rule:
    def __init__(self, template, eos, eot=None, train_on_eos="turn", train_on_eot=None, train_on_inputs=False,
                 roles_to_train=("assistant",), **_):
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        text = THINKING if template == "thinking" else (CHAT / (template + ".jinja")).read_text()
        self.template = environment.from_string(text)
        self.eos = IDS.get(eos, -1)
        self.eot = [IDS.get(t, -1) for t in (eot or [eos])]
        self.on_eos = train_on_eos
        self.on_eot = train_on_eot or train_on_eos
        self.inputs = train_on_inputs
        self.roles = roles_to_train

    def ids(self, turns):
        return encode(self.template.render(messages=turns, bos_token="<|begin_of_text|>", eos_token="<|end_of_text|>"))

    def span(self, turns, i):
        dummy = self.ids(turns[:i] + [{"role": turns[i]["role"], "content": "[[dummy_message]]"}])
        full = self.ids(turns[:i + 1])
        least = min(len(dummy), len(full))
        start = next((k for k in range(least) if dummy[k] != full[k]), None)
        end = next((len(full) - k for k in range(least) if dummy[-1 - k] != full[-1 - k]), None)
        return (-1, -1) if start is None or end is None or end <= start else (start, end)

    def labels(self, turns, flags, details):
        ids = self.ids(turns)
        labels = [-100] * len(ids)
        last = {"eot": -1, "eos": -1}
        for i, turn in enumerate(turns):
            if flags[i] is not None:
                train = flags[i]
            elif details[i] is not None:
                train = bool(details[i])
            else:
                train = self.inputs or turn["role"] in self.roles
            if not train and self.on_eos != "all" and self.on_eot != "all":
                continue
            start, end = self.span(turns, i)
            if train and start >= 0:
                chosen = range(start, end)
                if details[i]:
                    content = turn["content"]
                    stripped = len(content) - len(content.lstrip())
                    chosen = []
                    at = start  # one byte is one char in these rows
                    for c in range(stripped, len(content.rstrip())):
                        if any(d["train"] and d["begin_offset"] <= c <= d["end_offset"] for d in details[i]):
                            chosen.append(at)
                        at += 1
                for k in chosen:
                    labels[k] = ids[k]
            if start < 0:
                continue
            for kind, wanted, option in (("eot", self.eot, self.on_eot), ("eos", [self.eos], self.on_eos)):
                at = next((k for k in range(end, len(ids)) if ids[k] in wanted), -1)
                if at >= 0 and at - end <= 3:
                    last[kind] = at
                    if option == "all" or (option == "turn" and train):
                        labels[at] = ids[at]
        for kind, option in (("eot", self.on_eot), ("eos", self.on_eos)):
            if option == "last" and last[kind] >= 0:
                labels[last[kind]] = ids[last[kind]]
        return ids, labels


def turns(row, keys):
    mapping = keys.get("message_property_mappings", {})
    field = lambda name: mapping.get(name, name)
    roles = keys.get("roles", {"user": ["user", "human"], "assistant": ["assistant", "gpt"]})
    names = {source: target for target, sources in roles.items() for source in sources}
    found, flags, details = [], [], []
    messages = row[keys.get("field_messages", "messages")]
    if isinstance(messages, str):
        messages = json.loads(messages)
    for message in messages:
        role = message[field("role")]
        turn = {k: v for k, v in message.items() if v is not None and k not in mapping.values()}
        turn["role"] = names.get(role, role)
        turn["content"] = message[field("content")]
        if keys.get("split_thinking") and turn["role"] == "assistant" and "<think>" in turn["content"]:
            before, _, rest = turn["content"].partition("</think>")
            turn["reasoning_content"] = before.partition("<think>")[2].strip()
            turn["content"] = rest.lstrip()
        found.append(turn)
        flags.append(message.get(keys.get("message_field_training")))
        details.append(message.get(keys.get("message_field_training_detail")))
    if found[0]["role"] != "system" and "system" in row:
        found.insert(0, {"role": "system", "content": row["system"]})
        flags.insert(0, None)
        details.insert(0, None)
    if keys.get("drop_system_message") and found[0]["role"] == "system":
        found, flags, details = found[1:], flags[1:], details[1:]
    return found, flags, details


S, U, A = {"role": "system", "content": "S"}, {"role": "user", "content": "U"}, {"role": "assistant", "content": "A"}
SUA = {"messages": [S, U, A]}
TWO = {"messages": [U, A, {"role": "user", "content": "V"}, {"role": "assistant", "content": "B"}]}


def messages(*texts):
    return {"messages": [{"role": "user" if i % 2 == 0 else "assistant", "content": t} for i, t in enumerate(texts)]}


CASES = []


def case(name, row, template="llama3", eos="<|eot_id|>", **keys):
    CASES.append((name, row, dict(keys, template=template, eos=eos)))


# The golden layouts.
case("default", SUA)
case("eos none", SUA, train_on_eos="none")
case("eos last", SUA, train_on_eos="last")
case("eos all", SUA, train_on_eos="all")
case("inputs", SUA, train_on_inputs=True)
case("user is learned", SUA, roles_to_train=["user"])
case("all roles", SUA, roles_to_train=["user", "assistant", "system"])
case("flag off", {"messages": [U, dict(A, training=False)]}, message_field_training="training")
case("flag on for the user", {"messages": [dict(U, training=True), A]}, message_field_training="training")
case("flag null", {"messages": [dict(U, training=None), A]}, message_field_training="training")
case("eos not in the template", SUA, eos="<|end_of_text|>")
case("eot named", SUA, eos="<|end_of_text|>", eot=["<|eot_id|>"])
case("two eot named", SUA, eos="<|end_of_text|>", eot=["<|im_end|>", "<|eot_id|>"])
case("two turns", TWO)
case("two turns, last", TWO, train_on_eos="last")
case("two turns, all", TWO, train_on_eos="all")
case("two turns, none", TWO, train_on_eos="none")
case("eot apart from eos", TWO, eos="<|end_of_text|>", eot=["<|eot_id|>"], train_on_eos="none", train_on_eot="all")
case("eot last, eos turn", TWO, eos="<|end_of_text|>", eot=["<|eot_id|>"], train_on_eos="turn", train_on_eot="last")
# Edges of contents.
case("empty answer", messages("U", ""))
case("blank answer", messages("U", "  \n "))
case("empty answer before another", messages("U", "", "V", "B"))
case("blanks around", messages(" U ", "\n A\n\n"))
case("leading newline, not trimmed", messages("U", "\nA"), template="chatml", eos="<|im_end|>")
case("trailing blanks, not trimmed", messages("U", "A  "), template="chatml", eos="<|im_end|>")
case("one letter", messages("a", "b"))
case("a word of the template", messages("assistant", "user"))
case("header's words", messages("system", "assistant assistant"))
case("a is in the header", messages("end", "a"))
case("emoji", messages("👩‍🚀?", "🇸🇪 ja"))
case("combining", messages("a\u030a", "å a\u030a"))
case("thorn", messages("Þú?", "Já, þú ert ðar"))
case("no-break space inside", messages("U", "10\u00a0000"))
case("carriage return", messages("U\r\nV", "A\r\nB"))
case("braces", messages("{{ U }}", "{% A %} {# B #}"))
case("quotes", messages('"U"', "'A'\\n"))
case("long", messages("U" * 300, "A" * 500))
case("same as before", messages("U", "A", "U", "A"))
case("a number in words", messages("7 + 5?", "12"))
case("dollar, pipe", messages("a|b", "$1 <|"))
# Orders of roles.
case("system only", {"messages": [S]})
case("ends with the user", messages("U", "A", "V"))
case("begins with the assistant", {"messages": [A, U, A]})
case("two users in a row", {"messages": [U, U, A]})
case("two assistants in a row", {"messages": [U, A, {"role": "assistant", "content": "B"}]})
case("seven turns", messages("1", "2", "3", "4", "5", "6", "7", "8"))
case("a tool's answer", {"messages": [U, A, {"role": "tool", "content": "T"}, {"role": "assistant", "content": "B"}]})
case("a role of its own", {"messages": [{"role": "narrator", "content": "N"}, A]})
case("a role of its own is learned", {"messages": [{"role": "narrator", "content": "N"}, A]}, roles_to_train=["narrator"])
case("system in the middle", {"messages": [U, S, A]})
# Fields.
case("sharegpt's fields", {"conversations": [{"from": "human", "value": "U"}, {"from": "gpt", "value": "A"}]},
     field_messages="conversations", message_property_mappings={"role": "from", "content": "value"})
case("roles of its own", {"messages": [{"role": "Bot", "content": "A"}, {"role": "Me", "content": "U"}]},
     roles={"assistant": ["Bot"], "user": ["Me"]})
case("messages as JSON", {"messages": json.dumps([U, A])})
case("a system column", dict(messages("U", "A"), system="S"))
case("a system column and message", dict(SUA, system="T"))
case("system dropped", SUA, drop_system_message=True)
case("system column dropped", dict(messages("U", "A"), system="S"), drop_system_message=True)
case("other fields", {"messages": [dict(U, name="x"), dict(A, weight=3)], "id": 7, "source": None})
# Parts of a message.
DETAIL = "training_detail"


def detail(content, *parts):
    return {"messages": [U, {"role": "assistant", "content": content,
                             DETAIL: [{"begin_offset": b, "end_offset": e, "train": t} for b, e, t in parts]}]}


case("a part", detail("abcdef", (0, 2, True), (3, 5, False)), message_field_training_detail=DETAIL)
case("the end of it", detail("abcdef", (0, 2, False), (3, 5, True)), message_field_training_detail=DETAIL)
case("one letter of it", detail("abcdef", (0, 1, False), (2, 2, True), (3, 5, False)), message_field_training_detail=DETAIL)
case("blanks before", detail("  abc", (0, 3, True), (4, 4, False)), message_field_training_detail=DETAIL)
case("none of it", detail("abc", (0, 2, False)), message_field_training_detail=DETAIL)
case("a flag wins", {"messages": [U, dict(A, training=False, training_detail=[{"begin_offset": 0, "end_offset": 0, "train": True}])]},
     message_field_training="training", message_field_training_detail=DETAIL)
# Another template.
case("chatml", messages("U", "A", "V", "B"), template="chatml", eos="<|im_end|>")
case("chatml, base eos", messages("U", "A"), template="chatml", eos="<|end_of_text|>")
case("chatml, all", messages("U", "A", "V", "B"), template="chatml", eos="<|im_end|>", train_on_eos="all")
case("chatml, empty", messages("U", ""), template="chatml", eos="<|im_end|>")
case("thinking", {"messages": [U, dict(A, reasoning_content="R")]}, template="thinking", eos="<|im_end|>")
case("thinking split", messages("U", "<think> R </think>\nA"), template="thinking", eos="<|im_end|>", split_thinking=True)

golden = []
for name, row, keys in CASES:
    ids, labels = Rule(**keys).labels(*turns(row, keys))
    golden.append({"name": name, "row": row, "keys": keys, "ids": ids, "labels": labels})
text = ",\n".join(json.dumps(each, ensure_ascii=True) for each in golden)
(HERE / "labels_golden.json").write_text(
    json.dumps({"special": SPECIAL, "thinking": THINKING})[:-1] + ', "cases": [\n' + text + "\n]}\n")
print(len(golden), "rows")

"""Makes golden.json: what Jinja2, set up as transformers sets it up, writes for the chat templates here.

    venv/bin/pip install jinja2==3.1.6
    venv/bin/python core/src/test/resources/dev/skald/chat/golden.py
"""

import json
import pathlib
import sys

import jinja2

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "jinja"))
from environment import NOW, environment  # noqa: E402

BUILT_IN = HERE.parents[4] / "main/resources/dev/skald/chat"
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "vädret",
            "description": "Vädret på en ort, en dag.",
            "parameters": {
                "type": "object",
                "properties": {"ort": {"type": "string", "description": "Ortens namn"}, "dag": {"type": "integer"}},
                "required": ["ort"],
            },
        },
    }
]
USER = {"role": "user", "content": "Vad heter Norges huvudstad?"}
ANSWER = {"role": "assistant", "content": "Den heter Oslo."}
MORE = {"role": "user", "content": "  Og Danmarks? 🇩🇰 <|eot_id|>  "}
SYSTEM = {"role": "system", "content": " Svara kort. "}
CALL = {
    "role": "assistant",
    "content": "",
    "tool_calls": [
        {"id": "abcdef123", "type": "function", "function": {"name": "vädret", "arguments": {"ort": "Luleå", "dag": 2}}}
    ],
}
RESULT = {"role": "tool", "tool_call_id": "abcdef123", "name": "vädret", "content": "{\"grader\": -12}"}
ASK = {"role": "user", "content": "Hur blir vädret i Luleå?"}
THOUGHT = {"role": "assistant", "content": "<think>\nOslo.\n</think>\n\nOslo är det."}
CASES = {
    "one question": {"messages": [USER]},
    "system": {"messages": [SYSTEM, USER]},
    "three": {"messages": [USER, ANSWER, MORE]},
    "whole": {"messages": [SYSTEM, USER, ANSWER, MORE, ANSWER], "add_generation_prompt": False},
    "tools": {"messages": [SYSTEM, ASK], "tools": TOOLS},
    "tool result": {"messages": [ASK, CALL, RESULT], "tools": TOOLS},
    "thought": {"messages": [USER, THOUGHT, MORE]},
    "no thinking": {"messages": [USER], "enable_thinking": False},
    "wrong order": {"messages": [USER, USER]},
}


def main():
    golden = {"now": NOW.isoformat(), "tokens": TOKENS, "cases": []}
    files = sorted((HERE / "templates").glob("*.jinja")) + sorted(BUILT_IN.glob("*.jinja"))
    for file in files:
        template = environment().from_string(file.read_text())
        for name, case in CASES.items():
            case = {**case, "date_string": "26 Jul 2024"}
            variables = {"tools": None, "documents": None, "add_generation_prompt": True, **TOKENS, **case}
            expected = {"template": file.stem, "case": name, **case}
            try:
                expected["text"] = template.render(**variables)
            except jinja2.exceptions.TemplateError as e:
                if type(e) is not jinja2.exceptions.TemplateError:
                    expected["error"] = True
                else:
                    expected["raised"] = str(e)
            except TypeError:
                expected["error"] = True
            golden["cases"].append(expected)
    (HERE / "golden.json").write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n")


main()

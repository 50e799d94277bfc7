#!/usr/bin/env python3
"""Writes the generated tables of this folder anew from published packages. README.md says which, and how to unpack them.

    refresh.py --cldr-core DIR --cldr-names DIR --phonenumbers DIR --date YYYY-MM-DD

`postal-codes.tsv` is kept by hand and is not touched.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import unicodedata
from collections import defaultdict
from pathlib import Path
from re import _constants as op
from re import _parser as regex

HERE = Path(__file__).resolve().parent
NOTICE = "The first column is sorted by its UTF-8 octets: rows are found by bisection."


def write_table(name: str, header: list[str], rows: list[str]) -> None:
    comments = [f"# {line}" for line in [*header, NOTICE]]
    (HERE / name).write_text("\n".join([*comments, *sorted(rows, key=lambda row: row.split("\t")[0].encode())]) + "\n")


# --- Countries --------------------------------------------------------------------------------------------------------

# Languages of the message catalogue: a form in one of them may well hold a country's name in it.
CATALOGUE = ["en", "sv", "nl", "fr", "zh-Hant", "de", "es", "pt", "it", "ja"]

# In CLDR with a three-letter code, and not an officially assigned code of ISO 3166-1.
NOT_ASSIGNED = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}

# English names beside CLDR's: the short names of ISO 3166-1 where they differ, and names in everyday use.
FURTHER_NAMES = {
    "AE": ["UAE"],
    "AG": ["Antigua"],
    "BA": ["Bosnia-Herzegovina"],
    "BN": ["Brunei Darussalam"],
    "BO": ["Bolivia (Plurinational State of)", "Plurinational State of Bolivia"],
    "BQ": ["Bonaire, Sint Eustatius and Saba", "Bonaire", "Saba", "Sint Eustatius"],
    "CC": ["Cocos (Keeling) Islands"],
    "CD": ["Congo (the Democratic Republic of the)", "Democratic Republic of the Congo", "DR Congo", "DRC", "Zaire"],
    "CF": ["CAR"],
    "CG": ["Congo", "Republic of the Congo"],
    "CN": ["People's Republic of China", "PRC", "Mainland China"],
    "CZ": ["Czech Rep."],
    "DO": ["Dominican Rep."],
    "FK": ["Falkland Islands (the) [Malvinas]", "Falklands"],
    "FM": ["Micronesia (Federated States of)", "Federated States of Micronesia"],
    "GB": [
        "United Kingdom of Great Britain and Northern Ireland",
        "UK",
        "Great Britain",
        "Britain",
        "England",
        "Scotland",
        "Wales",
        "Northern Ireland",
    ],
    "GM": ["The Gambia"],
    "GS": ["South Georgia"],
    "HK": ["Hong Kong", "Hong Kong SAR"],
    "HM": ["Heard Island and McDonald Islands"],
    "IE": ["Republic of Ireland"],
    "IR": ["Iran (Islamic Republic of)", "Islamic Republic of Iran"],
    "KN": ["St Kitts", "Saint Kitts"],
    "KP": ["Korea (the Democratic People's Republic of)", "Democratic People's Republic of Korea", "DPRK"],
    "KR": ["Korea (the Republic of)", "Republic of Korea", "Korea"],
    "LA": ["Lao People's Democratic Republic", "Lao PDR"],
    "MD": ["Moldova (the Republic of)", "Republic of Moldova"],
    "MF": ["Saint Martin (French part)"],
    "MK": ["Macedonia", "Republic of North Macedonia"],
    "MM": ["Burma"],
    "MO": ["Macau", "Macao SAR", "Macau SAR"],
    "NL": ["Holland", "Netherlands (Kingdom of the)", "Kingdom of the Netherlands"],
    "PG": ["PNG"],
    "PS": ["Palestine, State of", "State of Palestine", "Palestinian Territory"],
    "RU": ["Russian Federation"],
    "SH": ["Saint Helena, Ascension and Tristan da Cunha"],
    "SJ": ["Svalbard", "Jan Mayen"],
    "SK": ["Slovak Republic"],
    "ST": ["Sao Tome"],
    "SX": ["Sint Maarten (Dutch part)"],
    "SY": ["Syrian Arab Republic"],
    "TC": ["Turks and Caicos"],
    "TL": ["East Timor"],
    "TT": ["Trinidad"],
    "TW": ["Taiwan (Province of China)", "Taiwan, Province of China", "Chinese Taipei", "Republic of China"],
    "TZ": ["Tanzania, the United Republic of", "United Republic of Tanzania"],
    "UM": ["United States Minor Outlying Islands"],
    "US": ["United States of America", "U.S.", "U.S.A.", "America"],
    "VA": ["Holy See", "Vatican"],
    "VC": ["St Vincent", "Saint Vincent"],
    "VE": ["Venezuela (Bolivarian Republic of)", "Bolivarian Republic of Venezuela"],
    "VG": ["Virgin Islands (British)", "BVI"],
    "VI": ["Virgin Islands (U.S.)", "USVI", "US Virgin Islands"],
    "VN": ["Viet Nam"],
    "XK": ["XKX", "Republic of Kosovo"],
}

# Left out of a folded name; `fold` in `shared/src/policy/format/country.rs` does the same.
PUNCTUATION = set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") | set("’‘ʼ‐‑‒–—·・،、。।")
STOP_WORDS = {"the", "and"}


def fold(name: str) -> str:
    lowered = unicodedata.normalize("NFKD", name.lower())
    plain = unicodedata.normalize("NFC", "".join(c for c in lowered if not 0x300 <= ord(c) <= 0x36F))
    spaced = "".join(" " if c in PUNCTUATION and c not in "'.’‘ʼ" else c for c in plain)
    words = "".join(c for c in spaced if c not in PUNCTUATION).split()
    # `AND` is Andorra's code.
    return "".join([word for word in words if word not in STOP_WORDS] or words)


def territories(names: Path, language: str) -> dict[str, str]:
    path = names / "main" / language / "territories.json"
    if not path.exists():
        return {}
    return json.loads(path.read_text())["main"][language]["localeDisplayNames"]["territories"]


def own_languages(core: Path, country: str) -> list[str]:
    info = json.loads((core / "supplemental" / "territoryInfo.json").read_text())["supplemental"]["territoryInfo"]
    spoken = info.get(country, {}).get("languagePopulation", {})
    official = {"official", "de_facto_official", "official_regional"}
    return [tag.replace("_", "-") for tag, facts in spoken.items() if facts.get("_officialStatus") in official]


def english_variants(name: str) -> list[str]:
    """`St. Lucia` is also written `Saint Lucia`."""
    return [name, re.sub(r"\bSt\.", "Saint", name)]


def is_abbreviation(folded: str, key: str) -> bool:
    """`EU` for Estados Unidos: such texts look like codes."""
    return key.endswith("-alt-short") and folded.isascii() and len(folded) < 4


def country_tables(core: Path, names: Path, source: str) -> None:
    mappings = json.loads((core / "supplemental" / "codeMappings.json").read_text())["supplemental"]["codeMappings"]
    english = territories(names, "en")
    alpha3 = {
        code: facts["_alpha3"]
        for code, facts in mappings.items()
        if len(code) == 2 and code in english and "_alpha3" in facts and code not in NOT_ASSIGNED
    }
    certain: dict[str, str] = {}
    for code in alpha3:
        spellings = [code, alpha3[code], *FURTHER_NAMES.get(code, [])]
        for key in [code, *(key for key in english if key.startswith(f"{code}-alt"))]:
            spellings += english_variants(english[key])
        for key in map(fold, spellings):
            if certain.setdefault(key, code) != code:
                sys.exit(f"{key} names both {certain[key]} and {code}")
    foreign = defaultdict(set)
    for code in alpha3:
        for language in {*CATALOGUE, *own_languages(core, code)}:
            local = territories(names, language)
            for key in [code, *(key for key in local if key.startswith(f"{code}-alt"))]:
                if key in local and not is_abbreviation(fold(local[key]), key):
                    foreign[fold(local[key])].add(code)
    keys = {key: min(codes) for key, codes in foreign.items() if len(codes) == 1 and key} | certain
    write_table(
        "countries.tsv",
        ["Countries: ISO 3166-1 alpha-2 code (and XK, Kosovo), English name.", *source.splitlines()],
        [f"{code}\t{english[code]}" for code in alpha3],
    )
    write_table(
        "country-names.tsv",
        [
            "What a country may be called: folded code or name, ISO 3166-1 alpha-2 code. Names in English, in the languages of the",
            "message catalogue and in the country's official languages; a name that two countries share is left out.",
            *source.splitlines(),
        ],
        [f"{key}\t{code}" for key, code in keys.items()],
    )


# --- Telephone numbers ------------------------------------------------------------------------------------------------

KINDS = "fixed_line mobile toll_free premium_rate shared_cost personal_number voip pager uan voicemail".split()

# Trunk prefixes that are dialled beside the official one.
FURTHER_TRUNKS = {375: ["80", "0"], 370: ["8"], 241: ["0"]}


class Automaton:
    """A nondeterministic automaton of one pattern; the patterns describe finite sets of digit strings."""

    def __init__(self, pattern: str) -> None:
        self.silent: list[list[int]] = []
        self.steps: list[list[tuple[set[int], int]]] = []
        start = self.state()
        self.end = self.sequence(regex.parse(pattern), start)
        self.start = self.closure({start})

    def state(self) -> int:
        self.silent.append([])
        self.steps.append([])
        return len(self.silent) - 1

    def sequence(self, tree, state: int) -> int:
        for kind, value in tree:
            state = self.part(kind, value, state)
        return state

    def part(self, kind, value, state: int) -> int:
        if kind in (op.LITERAL, op.IN):
            after = self.state()
            self.steps[state].append((digits_of(kind, value), after))
            return after
        if kind is op.SUBPATTERN:
            return self.sequence(value[3], state)
        if kind is op.BRANCH:
            starts = [self.state() for _ in value[1]]
            self.silent[state] += starts
            return self.join([self.sequence(tree, start) for tree, start in zip(value[1], starts)])
        if kind is op.MAX_REPEAT:
            least, most, tree = value
            for _ in range(least):
                state = self.sequence(tree, state)
            ends = [state]
            for _ in range(most - least):
                ends.append(self.sequence(tree, ends[-1]))
            return self.join(ends)
        raise ValueError(kind)

    def join(self, ends: list[int]) -> int:
        after = self.state()
        for end in ends:
            self.silent[end].append(after)
        return after

    def closure(self, states: set[int]) -> frozenset[int]:
        reached, open_states = set(states), list(states)
        while open_states:
            for state in self.silent[open_states.pop()]:
                if state not in reached:
                    reached.add(state)
                    open_states.append(state)
        return frozenset(reached)

    def step(self, states: frozenset[int], digits: set[int]) -> frozenset[int]:
        return self.closure({after for state in states for step, after in self.steps[state] if step & digits})

    def lengths_after(self, prefix: str) -> set[int]:
        states = self.start
        for digit in prefix:
            states = self.step(states, {int(digit)})
        length, lengths = len(prefix), set()
        while states:
            if self.end in states:
                lengths.add(length)
            states, length = self.step(states, set(range(10))), length + 1
        return lengths


def digits_of(kind, value) -> set[int]:
    if kind is op.LITERAL:
        return {int(chr(value))}
    digits: set[int] = set()
    for inner, detail in value:
        if inner is op.LITERAL:
            digits.add(int(chr(detail)))
        elif inner is op.RANGE:
            digits |= set(range(int(chr(detail[0])), int(chr(detail[1])) + 1))
        else:
            digits |= set(range(10))
    return digits


def lengths_by_prefix(metas, longest: int) -> dict[int, set[int]]:
    """Which lengths the numbers have that begin with two given digits."""
    found = defaultdict(set)
    for meta in metas:
        for kind in KINDS:
            numbers = getattr(meta, kind)
            if numbers is None or not numbers.national_number_pattern:
                continue
            possible = set(numbers.possible_length) or set(meta.general_desc.possible_length)
            automaton = Automaton(numbers.national_number_pattern)
            for prefix in range(100):
                lengths = automaton.lengths_after(f"{prefix:02}") & possible
                found[prefix] |= {length for length in lengths if length <= longest}
    return {prefix: lengths for prefix, lengths in found.items() if lengths}


def ranges(numbers: list[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def span(first: int, last: int, width: int) -> str:
    return f"{first:0{width}}" if first == last else f"{first:0{width}}-{last:0{width}}"


def plan(metas, calling_code: int) -> str:
    by_lengths = defaultdict(list)
    for prefix, lengths in lengths_by_prefix(metas, 15 - len(str(calling_code))).items():
        by_lengths[",".join(span(first, last, 1) for first, last in ranges(list(lengths)))].append(prefix)
    entries = [(span(*pair, 2), lengths) for lengths, prefixes in by_lengths.items() for pair in ranges(prefixes)]
    return " ".join(f"{prefixes}:{lengths}" for prefixes, lengths in sorted(entries))


def international_prefix(meta) -> str:
    for candidate in (meta.preferred_international_prefix, meta.international_prefix):
        digits = (candidate or "").replace("~", "")
        if digits.isdigit() and len(digits) > 1 and candidate != "0~0":
            return digits
    return "00"


def local_completion(meta) -> str:
    """`268+7`: a number of seven digits is short for one with the area code 268 before it."""
    rule = re.fullmatch(r"(\d+)\\1", meta.national_prefix_transform_rule or "")
    digits = re.search(r"\(\[[\d-]+\]\\d\{(\d+)\}\)\$", meta.national_prefix_for_parsing or "")
    return f"{rule[1]}+{int(digits[1]) + 1}" if rule and digits else ""


def phone_tables(package: Path, source: str) -> None:
    sys.path.insert(0, str(package))
    import phonenumbers
    from phonenumbers import PhoneMetadata

    plans, regions = [], []
    for code, names in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items():
        metas = [
            PhoneMetadata.metadata_for_nongeo_region(code) if name == "001" else PhoneMetadata.metadata_for_region(name)
            for name in names
        ]
        trunks = {meta.national_prefix for meta in metas if meta.national_prefix}
        if len(trunks) > 1:
            sys.exit(f"+{code} has several trunk prefixes: {trunks}")
        plans.append(f"{code}\t{','.join([*trunks, *FURTHER_TRUNKS.get(code, [])])}\t{plan(metas, code)}")
        for meta in metas:
            # AC and TA are parts of SH in ISO 3166-1.
            if meta.id not in ("001", "AC", "TA"):
                regions.append(f"{meta.id}\t{code}\t{international_prefix(meta)}\t{local_completion(meta)}")
    write_table(
        "phone-plans.tsv",
        [
            "Numbering plans: country calling code, trunk prefixes, and for the first two digits of a national significant number",
            "the lengths that such numbers have (`20-29:7,9-10`). Two digits only: they outlive most changes of a plan.",
            *source.splitlines(),
        ],
        plans,
    )
    write_table(
        "phone-regions.tsv",
        [
            "How a country dials: ISO 3166-1 alpha-2 code, country calling code, international prefix, and `AREA+N` where a number of N",
            "digits may be written without its area code.",
            *source.splitlines(),
        ],
        regions,
    )


# --- The command ------------------------------------------------------------------------------------------------------


def package_version(directory: Path) -> str:
    return json.loads((directory / "package.json").read_text())["version"]


def phonenumbers_version(directory: Path) -> str:
    text = (directory / "phonenumbers" / "__init__.py").read_text()
    return re.search(r'__version__ = "([^"]+)"', text)[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("--cldr-core", "--cldr-names", "--phonenumbers"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--date", required=True)
    options = parser.parse_args()
    cldr = f"Source: Unicode CLDR {package_version(options.cldr_core)}, read on {options.date}.\nLicence: Unicode-3.0 (LICENSE-unicode.txt)."
    phones = (
        f"Source: metadata of libphonenumber {phonenumbers_version(options.phonenumbers)}, read on {options.date}.\n"
        "Licence: Apache-2.0, Copyright The Libphonenumber Authors."
    )
    country_tables(options.cldr_core, options.cldr_names, cldr)
    phone_tables(options.phonenumbers, phones)


if __name__ == "__main__":
    main()

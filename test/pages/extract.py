"""
The independent extractor: lxml over the same files. Reads `URL<TAB>PATH` lines, writes one JSON record a line.
With --html5 the trees are built by html5lib, which follows HTML's own rules where lxml's parser is of the time of HTML 4.
"""
import json
import re
import sys
from urllib.parse import quote, urljoin

import lxml.html

SPACE = re.compile(r"[ \t\n\f\r]+")


def text(element):
    parts = element.xpath(".//text()")
    return SPACE.sub(" ", "".join(parts)).strip(" \t\n\f\r")


def link(base, href):
    # WHATWG escapes what is not ASCII and spaces; urljoin leaves both as they are.
    # In an http URL a backslash is a slash (WHATWG).
    path, mark, fragment = href.strip(" \t\n\f\r").partition("#")
    href = path.replace("\\", "/") + mark + fragment
    url = quote(urljoin(base, href), safe="%/:=&?~#+!$,;'@()*[]|^`{}\\")
    # What WHATWG writes and urljoin does not: hosts in lower case, the root path, a fragment that is empty.
    url = re.sub(r"^https?://[^/?#]+", lambda origin: origin.group().lower(), url)
    url = re.sub(r"^(https?://[^/?#]+)(?=[?#]|$)", r"\1/", url)
    return url + "#" if href.endswith("#") and not url.endswith("#") else url


def parse(data):
    if "--html5" in sys.argv:
        import html5lib

        return html5lib.parse(data, treebuilder="lxml", namespaceHTMLElements=False, transport_encoding="utf-8").getroot()
    return lxml.html.fromstring(data, parser=lxml.html.HTMLParser(encoding="utf-8"))


for line in sys.stdin:
    url, path = line.rstrip("\n").split("\t")
    with open(path, "rb") as file:
        page = parse(file.read())
    title = page.find(".//head/title")
    record = {
        "title": None if title is None else text(title),
        "heads": [text(h) for h in page.xpath("//h1|//h2")],
        "links": [link(url, a.get("href")) for a in page.xpath("//a[@href]")],
    }
    print(json.dumps({"url": url, "data": record}))

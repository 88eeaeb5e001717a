"""Scrapy, tuned: no cookies, no retries, no telnet, full concurrency. Arguments: list, out, concurrency."""

import gzip
import json
import re
import resource
import sys
import time

started = time.monotonic()
from scrapy import Request, Spider
from scrapy.crawler import CrawlerProcess

SOURCE, OUT, CONCURRENCY = sys.argv[1], sys.argv[2], int(sys.argv[3])
WHITE = re.compile(r"[ \t\n\f\r]+")
written = 0
out = gzip.open(OUT + ".gz", "wt", compresslevel=3, encoding="utf-8")


def collapse(text):
    return WHITE.sub(" ", text).strip(" ")


class Pages(Spider):
    name = "pages"

    def start_requests(self):
        with open(SOURCE) as urls:
            for url in urls:
                yield Request(url.strip(), dont_filter=True)

    def parse(self, response):
        global written
        title = response.css("title").xpath("string()").get()
        data = {
            "title": None if title is None else collapse(title),
            "heads": [collapse(head.xpath("string()").get()) for head in response.css("h1, h2")],
            "links": [response.urljoin(href.strip(" \t\n\f\r")) for href in response.css("a[href]::attr(href)").getall()],
        }
        out.write(json.dumps({"url": response.url, "data": data}, ensure_ascii=False, separators=(",", ":")) + "\n")
        written += 1


process = CrawlerProcess(
    {
        "LOG_ENABLED": False,
        "CONCURRENT_REQUESTS": CONCURRENCY,
        "CONCURRENT_REQUESTS_PER_DOMAIN": CONCURRENCY,
        "COOKIES_ENABLED": False,
        "RETRY_ENABLED": False,
        "REDIRECT_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "AUTOTHROTTLE_ENABLED": False,
        "ROBOTSTXT_OBEY": False,
        "DOWNLOAD_DELAY": 0,
        "DOWNLOAD_WARNSIZE": 0,
        "LOGSTATS_INTERVAL": 0,
        "REQUEST_FINGERPRINTER_IMPLEMENTATION": "2.7",
    }
)
process.crawl(Pages)
process.start()
out.close()
with open(SOURCE) as urls:
    wanted = sum(1 for _ in urls)
if written != wanted:
    sys.exit(f"{written} of {wanted}")
usage = resource.getrusage(resource.RUSAGE_SELF)
# The most memory that this program had; what getrusage tells has the parent's at the start in it.
with open("/proc/self/status") as status:
    rss_mb = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024
print(json.dumps({"cpuSeconds": usage.ru_utime + usage.ru_stime, "seconds": time.monotonic() - started, "rssMb": rss_mb}))

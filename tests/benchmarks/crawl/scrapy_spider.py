"""The baseline of the crawl: a Scrapy spider with trafilatura in its pipeline, as a program of its own environment.

`python scrapy_spider.py URL PAGES` crawls the site of the url and prints the number of pages with text.
"""

import re
import sys
from collections.abc import Iterator
from typing import Any

import scrapy  # type: ignore[import-not-found]
import trafilatura
from scrapy.crawler import CrawlerProcess  # type: ignore[import-not-found]
from scrapy.linkextractors import LinkExtractor  # type: ignore[import-not-found]


class TextPipeline:
    """Extracts Markdown of each page, as our crawl does."""

    found = 0

    def process_item(self, item: dict[str, Any], spider: object) -> dict[str, Any]:
        text = trafilatura.extract(item["body"], output_format="markdown", include_links=True, include_tables=True)
        TextPipeline.found += bool(text)
        return {"url": item["url"], "text": text}


class ManualSpider(scrapy.Spider):  # type: ignore[misc]
    """Follows every link within the host."""

    name = "manual"

    def parse(self, response: Any) -> Iterator[Any]:
        yield {"url": response.url, "body": response.text}
        for link in LinkExtractor(allow=f"^{re.escape(self.site)}/").extract_links(response):
            yield response.follow(link, self.parse)


def main(url: str, pages: int) -> None:
    settings = {
        "ROBOTSTXT_OBEY": True,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
        "DOWNLOAD_DELAY": 0,
        "CLOSESPIDER_ITEMCOUNT": pages,
        "ITEM_PIPELINES": {TextPipeline: 1},
        "LOG_LEVEL": "ERROR",
        "TELNETCONSOLE_ENABLED": False,
    }
    process = CrawlerProcess(settings)
    process.crawl(ManualSpider, start_urls=[url], site=url.rpartition("/")[0])
    process.start()
    print(TextPipeline.found)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

"""Follow every internal link of the built site.

    python docs/_ext/check_site.py out/site

No network is used: links to other sites are not followed. tests/test_site.py asks that every public
name has a page, and Sphinx warns of a page that it cannot fill.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """The places of a page that can be linked to, and what it links to."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.feed(file.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect ids, and addresses of links, pictures, scripts and styles."""
        for name, value in attrs:
            if name in ("id", "name") and value:
                self.anchors.add(value)
            if name in ("href", "src") and value:
                self.links.append(value)


def broken_links(site: Path) -> list[str]:
    """Every internal link that leads nowhere, with the page that it is on."""
    # What lies in _static are the theme's own files, templates among them.
    files = [file for file in site.rglob("*.html") if "_static" not in file.parts]
    pages = {file.resolve(): Page(file) for file in files}
    broken = []
    for file, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            target = target / "index.html" if target.is_dir() else target
            there = target.exists()
            if there and parts.fragment and target in pages:
                there = unquote(parts.fragment) in pages[target].anchors
            if not there:
                broken.append(f"{file.relative_to(site.resolve())}: {link}")
    return broken


def main(folder: str) -> int:
    """Print what is wrong; return 1 if anything is."""
    site = Path(folder)
    wrong = [f"broken link: {text}" for text in broken_links(site)]
    print("\n".join(wrong) or f"{len(list(site.rglob('*.html')))} pages, no broken link")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

"""The page in a real browser: Debian's chromium, without a screen and without a network."""

import csv
import io
import shutil
from importlib.resources import files
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from skcluster.schema import TARGETS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("chromium") is None or shutil.which("chromedriver") is None,
        reason="needs chromium and chromedriver (Debian: chromium, chromium-driver)",
    ),
    # Selenium's own sockets.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
)


@pytest.fixture(scope="module")
def downloads(tmp_path_factory):
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def browser(downloads):
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(
        options=options, service=webdriver.ChromeService(shutil.which("chromedriver"))
    )
    behaviour = {"behavior": "allow", "downloadPath": str(downloads)}
    driver.execute_cdp_cmd("Browser.setDownloadBehavior", behaviour)
    yield driver
    driver.quit()


@pytest.fixture
def opened(browser):
    """Open a page and give what is found in it; no test may leave an error in the console."""

    def open_page(file, width=1300, height=900, *, phone=False, dark=False):
        ask = browser.execute_cdp_cmd
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone}
        ask("Emulation.setDeviceMetricsOverride", size)
        ask("Emulation.setTouchEmulationEnabled", {"enabled": phone})
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        calm = {"name": "prefers-reduced-motion", "value": "reduce"}
        ask("Emulation.setEmulatedMedia", {"features": [scheme, calm]})
        browser.get(file.as_uri())
        wait(browser, "return document.documentElement.dataset.ready")
        return browser

    yield open_page
    assert browser.get_log("browser") == []


def wait(page, script):
    return WebDriverWait(page, 20).until(lambda page: page.execute_script(script))


def names(page):
    script = (
        "return [...document.querySelectorAll('tbody th:first-child span')].map(s => s.innerText)"
    )
    return page.execute_script(script)


def chosen(page):
    return page.find_element(By.ID, "name").text


def values(page):
    script = "return [...document.querySelectorAll('#values > div')].map(d => d.innerText)"
    return page.execute_script(script)


def picture(page):
    """What is seen of the diagram, once Bokeh has drawn it; shape (height, width, 3)."""
    page.execute_script("document.getElementById('diagram').scrollIntoView({ block: 'center' })")
    frames = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(done))"
    for _ in range(3):
        page.execute_async_script(frames)
    shot = Image.open(io.BytesIO(page.find_element(By.ID, "diagram").screenshot_as_png))
    return np.asarray(shot.convert("RGB")).astype(int)


def ink(page):
    """How many points of the diagram's inside are drawn, by colour."""
    inside = picture(page)[10:-60, 60:-50]

    def like(colour):
        return int((abs(inside - colour).sum(axis=2) < 60).sum())

    return {"line": like([213, 94, 0]), "band": like([245, 205, 176]), "dark": like([26, 26, 26])}


def test_ten_clusters(opened, small_page, run):
    page = opened(small_page)
    assert page.title == "Ten <clusters>"
    assert names(page) == run[0].index.tolist()
    assert chosen(page) == "NGC 2682"
    drawn = ink(page)
    assert drawn["line"] > 200
    assert drawn["band"] > 500
    assert drawn["dark"] > 200
    row = run[1].iloc[0]
    assert f"Log age{row['log_age']:.2f} ± 0.20 dex" in values(page)
    label = page.find_element(By.ID, "diagram").get_attribute("aria-label")
    assert label.startswith("Colour-magnitude diagram of NGC 2682. Stars: 100, Log age: ")


def test_a_posterior(opened, posterior_page, run):
    page = opened(posterior_page)
    heads = page.find_elements(By.CSS_SELECTOR, "thead th")
    assert [" ".join(head.text.split()) for head in heads][-2:] == ["Reliability", "[M/H] [dex]"]
    cells = page.find_elements(By.CSS_SELECTOR, "tbody td")
    assert cells[5].text == "0.20 +0.10 −0.20"
    details = values(page)
    assert "Stars100" in details
    assert "Effective samples151" in details
    distance = run[1]["distance_kpc"].iloc[0]
    text = TARGETS["distance_kpc"].as_text(distance, distance - 0.05, distance + 0.05)
    assert f"Distance{text} kpc" in details
    key = [item.text for item in page.find_elements(By.CSS_SELECTOR, "#key li")]
    assert key == [
        "50 stars, the more faded the less probable as members",
        "10 stars not used, beyond the magnitude limit",
        "PARSEC isochrone of the estimate",
        "isochrones of 68 % of joint samples",
    ]
    navy = abs(picture(page) - [6, 32, 63]).sum(axis=2) < 40
    assert navy.sum() > 50
    page.find_elements(By.CSS_SELECTOR, "tbody tr")[2].click()
    assert page.find_element(By.CSS_SELECTOR, "th small.flag").text == "outside domain"


def test_a_thousand_clusters(opened, large_page):
    assert large_page.stat().st_size < 15e6
    page = opened(large_page)
    assert len(names(page)) == 1000
    assert ink(page)["line"] > 200
    page.find_elements(By.CSS_SELECTOR, "th button")[2].click()
    page.find_element(By.ID, "search").send_keys("sim_00012")
    # Zeros before a number do not matter: 12, and 120 to 129.
    assert len(names(page)) == 11


def test_sorting(opened, small_page, run):
    table = run[1]
    page = opened(small_page)
    heads = page.find_elements(By.CSS_SELECTOR, "thead th")
    assert [" ".join(head.text.split()) for head in heads] == [
        "Cluster",
        "Stars",
        "Log age [dex]",
        "A_V [mag]",
        "Distance [kpc]",
    ]
    wanted = table["log_age"].sort_values().index.tolist()
    heads[2].find_element(By.TAG_NAME, "button").click()
    assert names(page) == wanted
    assert heads[2].get_attribute("aria-sort") == "ascending"
    heads[2].find_element(By.TAG_NAME, "button").click()
    # What could not be measured is last both ways.
    assert names(page) == [*wanted[-2::-1], wanted[-1]]
    assert wanted[-1] == "Cluster_4"
    heads[0].find_element(By.TAG_NAME, "button").click()
    assert heads[2].get_attribute("aria-sort") == "none"


def test_searching(opened, small_page):
    page = opened(small_page)
    search = page.find_element(By.ID, "search")
    search.send_keys("cluster 7")
    assert names(page) == ["Cluster_7"]
    assert chosen(page) == "Cluster 7"
    assert page.find_element(By.ID, "count").text == "1 of 10 clusters"
    search.clear()
    search.send_keys("nothing like it")
    assert names(page) == []
    search.send_keys(Keys.CONTROL, "a")
    search.send_keys(Keys.BACKSPACE)
    page.find_element(By.ID, "flagged").click()
    assert names(page) == ["Cluster_3", "Cluster_4"]


def test_the_keyboard_alone_does(opened, small_page):
    page = opened(small_page)
    for _ in range(20):
        page.switch_to.active_element.send_keys(Keys.TAB)
        if page.switch_to.active_element.tag_name == "tr":
            break
    assert page.switch_to.active_element.tag_name == "tr"
    for key, name in [
        (Keys.ARROW_DOWN, "Cluster 2"),
        (Keys.ARROW_DOWN, "Cluster 3"),
        (Keys.ARROW_UP, "Cluster 2"),
        (Keys.END, "</script><b>&'\""),
        (Keys.HOME, "NGC 2682"),
        (Keys.PAGE_DOWN, "</script><b>&'\""),
    ]:
        page.switch_to.active_element.send_keys(key)
        assert chosen(page) == name
        selected = page.find_elements(By.CSS_SELECTOR, "tr[aria-current=true]")
        cells = [row.find_element(By.CSS_SELECTOR, "th span") for row in selected]
        assert [cell.text.replace("_", " ") for cell in cells] == [name]
    page.find_element(By.CSS_SELECTOR, "th button").send_keys(Keys.ENTER)
    assert page.find_element(By.CSS_SELECTOR, "th").get_attribute("aria-sort") == "ascending"


def test_a_cluster_that_could_not_be_measured_shows_its_stars(opened, small_page):
    page = opened(small_page)
    page.find_elements(By.CSS_SELECTOR, "tbody tr")[3].click()
    assert chosen(page) == "Cluster 4"
    assert page.find_element(By.ID, "flag").text == "cannot be measured"
    drawn = ink(page)
    assert drawn["dark"] > 400
    assert drawn["line"] == drawn["band"] == 0


@pytest.mark.parametrize("query", ["M 67", "m67", "messier 67", "ngc2682", "NGC 02682"])
def test_searching_by_another_name(opened, small_page, query):
    page = opened(small_page)
    page.find_element(By.ID, "search").send_keys(query)
    assert names(page) == ["NGC_2682"]
    assert page.find_element(By.ID, "also").text == "also M 67"


def test_simbad_by_name(opened, small_page, run):
    page = opened(small_page)
    link = page.find_element(By.ID, "simbad")
    known = "https://simbad.cds.unistra.fr/simbad/sim-id?Ident="
    assert link.get_attribute("href") == f"{known}NGC%202682"
    page.find_elements(By.CSS_SELECTOR, "tbody tr")[-1].click()
    assert link.get_attribute("href").startswith(f"{known}%3C%2Fscript%3E%3Cb%3E%26")


def saved(downloads, name):
    """A file once the browser has it all."""
    WebDriverWait(None, 20).until(lambda _: (downloads / name).exists())
    return downloads / name


def test_the_table_as_csv(opened, small_page, run, downloads):
    page = opened(small_page)
    page.find_element(By.ID, "csv").click()
    text = saved(downloads, "Ten_clusters_.csv").read_text()
    rows = list(csv.DictReader(io.StringIO(text)))
    table = run[1]
    assert list(rows[0]) == ["cluster", *table.columns]
    assert [row["cluster"] for row in rows] == table.index.tolist()
    assert float(rows[0]["distance_kpc"]) == pytest.approx(table["distance_kpc"].iloc[0], rel=1e-5)
    assert rows[3]["log_age"] == ""
    assert rows[3]["flag"] == "cannot be measured"
    assert rows[1]["notes"] == "few stars; contaminants identified"


@pytest.mark.parametrize("dark", [False, True])
def test_notes_are_told_second_and_are_no_warning(opened, small_page, dark):
    page = opened(small_page, dark=dark)
    rows = page.find_elements(By.CSS_SELECTOR, "tbody tr")
    rows[1].click()
    texts = ("#notes", "small.notes", "small.flag", "#flag")
    notes, listed, flag, warning = (page.find_element(By.CSS_SELECTOR, text) for text in texts)
    assert notes.text == listed.text == "few stars; contaminants identified"
    assert warning.text == ""
    rows[2].click()
    colours = [text.value_of_css_property("color") for text in (notes, listed, flag, warning)]
    assert colours[2] == colours[3]
    assert colours[3] not in colours[:2]
    page.find_element(By.ID, "search").send_keys("contaminants")
    assert names(page) == ["Cluster_2"]


@pytest.mark.parametrize("dark", [False, True])
def test_the_diagram_for_publication(opened, small_page, downloads, dark):
    for old in downloads.glob("NGC_2682.*"):
        old.unlink()
    page = opened(small_page, dark=dark)
    page.find_element(By.ID, "png").click()
    with Image.open(saved(downloads, "NGC_2682.png")) as image:
        assert image.size == (1800, 2160)
        pixels = np.asarray(image.convert("RGB")).astype(int)
    # Light, whatever the page is.
    assert pixels.mean() > 220
    assert (abs(pixels - [213, 94, 0]).sum(axis=2) < 60).sum() > 2000
    # The name and the estimate above it.
    assert (pixels[:150].sum(axis=2) < 300).sum() > 500
    page.find_element(By.ID, "svg").click()
    drawn = ElementTree.parse(saved(downloads, "NGC_2682.svg")).getroot()
    texts = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"NGC 2682", "G [mag]", "60 stars, the more faded the less probable as members"} <= {
        *texts
    }
    assert "var(" not in ElementTree.tostring(drawn, encoding="unicode")


def test_all_rows_and_on_request_all_diagrams_print(opened, posterior_page, run):
    page = opened(posterior_page, 794, 500)
    # Rows, or marks of the diagram, that are cut or hidden.
    cut = """
        const box = (e) => e.getBoundingClientRect();
        const last = box(document.getElementById("rows").lastChild);
        return [
            last.bottom <= box(document.getElementById("list")).bottom + 1,
            box(document.getElementById("meaning")).height > 50,
            [...document.querySelectorAll("#gallery li")].filter((e) => box(e).height).length,
            box(document.getElementById("printed")).height > 100,
            box(document.getElementById("diagram")).height,
        ];
    """
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert page.execute_script(cut) == [True, True, 0, True, 0]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "screen"})
    page.find_element(By.ID, "all").click()
    assert len(page.find_elements(By.CSS_SELECTOR, "#gallery svg")) == len(run[0])
    page.find_elements(By.CSS_SELECTOR, "#gallery button")[1].click()
    assert chosen(page) == "Cluster 2"
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert page.execute_script(cut) == [True, True, len(run[0]), False, 0]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def pointed_at(page, star):
    """What is told of a star when the pointer is on it."""
    script = """
        const stars = plot.document.get_model_by_name("stars").data;
        const frame = [...Bokeh.index.roots][0].frame;
        const i = stars.source_id.indexOf(arguments[0]);
        return [frame.x_scale.compute(stars.colour[i]), frame.y_scale.compute(stars.g[i])];
    """
    x, y = page.execute_script(script, star)
    diagram = page.find_element(By.ID, "diagram")
    middle = diagram.size["width"] / 2, diagram.size["height"] / 2
    move = ActionChains(page).move_to_element_with_offset(diagram, x - middle[0], y - middle[1])
    move.perform()
    within = """
        const texts = (root) => [...root.querySelectorAll("*")].flatMap((e) =>
            e.shadowRoot ? texts(e.shadowRoot)
            : e.className.toString().startsWith("bk-tooltip-row-") ? [e.innerText] : []);
        return texts(document.body);
    """
    return wait(page, within)


def test_the_star_under_the_pointer(opened, posterior_page, run):
    page = opened(posterior_page)
    stars = run[0].iloc[0]["stars"].reset_index(drop=True)
    brightest = int(stars["phot_g_mean_mag"].idxmin())  # beside which there is no other
    star, identifier = stars.iloc[brightest], str(6049037136609594880 + brightest)
    shown = pointed_at(page, identifier)
    membership = ("1.00", "0.50", "0.00", "0.25", "not used", "1.00")[brightest % 6]
    assert dict(zip(shown[::2], shown[1::2], strict=True)) == {
        "G [mag]:": f"{star['phot_g_mean_mag']:.2f}",
        "BP − RP [mag]:": f"{star['bp_rp']:.2f}",
        "parallax [mas]:": "1.250",
        "probability (list):": f"{star['probability']:.2f}",
        "probability (estimate):": membership,
        "source id:": identifier,
    }


def test_zooming_and_back(opened, small_page):
    page = opened(small_page)
    ends = "return [plot.y_range.start, plot.y_range.end, plot.x_range.start, plot.x_range.end]"
    before = page.execute_script(ends)
    tool = "plot.toolbar.tools.find((t) => t.type === '{}').do.emit({})"
    page.execute_script(tool.format("ZoomInTool", '"in"'))
    after = page.execute_script(ends)
    assert abs(after[0] - after[1]) < 0.95 * abs(before[0] - before[1])
    # The next cluster is seen whole.
    page.find_elements(By.CSS_SELECTOR, "tbody tr")[1].click()
    page.find_elements(By.CSS_SELECTOR, "tbody tr")[0].click()
    assert page.execute_script(ends) == before


def test_dark_by_the_systems_setting(opened, posterior_page):
    page = opened(posterior_page, dark=True)
    assert picture(page).mean() < 80
    style = "return getComputedStyle(document.body).backgroundColor"
    assert page.execute_script(style) == "rgb(20, 23, 26)"
    # It changes while the page is open.
    scheme = {"features": [{"name": "prefers-color-scheme", "value": "light"}]}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme)
    assert picture(page).mean() > 200


@pytest.mark.parametrize(
    ("width", "dark"), [(390, True), (390, False), (500, True), (800, False), (1280, True)]
)
def test_accessible_to_all(opened, small_page, posterior_page, width, dark):
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text()
    script = """
        const done = arguments[0];
        axe.run().then((found) => done(found.violations.map((v) => [v.impact, v.id, v.help])));
    """
    sideways = """
        const page = document.documentElement;
        return page.scrollWidth > page.clientWidth;
    """
    for file in (small_page, posterior_page):
        page = opened(file, width, phone=width < 500, dark=dark)
        assert dark or ink(page)["line"] > 100
        assert not page.execute_script(sideways)
        page.execute_script(axe)
        assert page.execute_async_script(script) == []


def test_a_telephone(opened, posterior_page):
    page = opened(posterior_page, 390, 844, phone=True)
    # Every column can be brought to where it is seen, beside the names of the clusters.
    seen = """
        const box = document.getElementById("scroll").getBoundingClientRect();
        const names = document.querySelector("thead th").getBoundingClientRect();
        return [...document.querySelectorAll("thead th")].slice(1).map((th) => {
            document.getElementById("scroll").scrollLeft = 0;
            const far = th.getBoundingClientRect().right - box.right;
            document.getElementById("scroll").scrollLeft = Math.max(far + 1, 0);
            const cell = th.getBoundingClientRect();
            return cell.left >= names.right - 1 && cell.right <= box.right + 1;
        });
    """
    assert all(page.execute_script(seen))
    # Choosing a row leads to its diagram, and a link leads back.
    page.find_elements(By.CSS_SELECTOR, "tbody tr")[1].click()
    assert chosen(page) == "Cluster 2"
    top = "return document.getElementById('detail').getBoundingClientRect().top"
    assert abs(page.execute_script(top)) < 200
    assert ink(page)["line"] > 100
    page.find_element(By.ID, "back").click()
    assert page.execute_script(top) > 200


def test_a_finger_on_the_diagram_scrolls_the_page(opened, small_page):
    page = opened(small_page, 390, 844, phone=True)
    page.execute_script("document.getElementById('diagram').scrollIntoView({ block: 'center' })")
    spot = """
        const box = document.getElementById("diagram").getBoundingClientRect();
        return [box.x + box.width / 2, box.y + box.height / 2, scrollY, plot.y_range.start];
    """
    x, y, scrolled, faint = page.execute_script(spot)
    touch = page.execute_cdp_cmd
    touch("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 11):
        at = {"x": x, "y": y + 15 * step}
        touch("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [at]})
    touch("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    wait(page, f"return scrollY < {scrolled} - 50")
    assert page.execute_script(spot)[3] == faint

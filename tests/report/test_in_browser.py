"""The page in a real browser: Debian's chromium, without a screen and without a network."""

import shutil

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

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
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(
        options=options, service=webdriver.ChromeService(shutil.which("chromedriver"))
    )
    yield driver
    driver.quit()


@pytest.fixture
def opened(browser):
    """Open a page and give what is found in it; no test may leave an error in the console."""

    def open_page(file, width=1300):
        browser.set_window_size(width, 900)
        browser.get(file.as_uri())
        return browser

    yield open_page
    assert browser.get_log("browser") == []


def names(page):
    script = (
        "return [...document.querySelectorAll('tbody td:first-child span')].map(s => s.innerText)"
    )
    return page.execute_script(script)


def chosen(page):
    return page.find_element(By.ID, "name").text


def ink(page):
    """How many points of the diagram are drawn, by colour."""
    script = """
        const c = document.getElementById("diagram");
        const p = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
        let [line, band, dark] = [0, 0, 0];
        for (let i = 0; i < p.length; i += 4) {
            if (!p[i + 3]) continue;
            if (p[i] > 190 && p[i + 1] < 120 && p[i + 2] < 40) line++;
            else if (p[i] === 245 && p[i + 1] === 205 && p[i + 2] === 176) band++;
            else if (p[i] < 60) dark++;
        }
        return { line, band, dark };
    """
    return page.execute_script(script)


def test_ten_clusters(opened, small_page, run):
    page = opened(small_page)
    assert page.title == "Ten <clusters>"
    assert names(page) == run[0].index.tolist()
    assert chosen(page) == "Cluster 1"
    drawn = ink(page)
    assert drawn["line"] > 200
    assert drawn["band"] > 500
    assert drawn["dark"] > 500
    row = run[1].iloc[0]
    expected = "Log age{log_age:.2f} ({log_age_lower:.2f} to {log_age_upper:.2f}) dex"
    assert expected.format(**row) in page.find_element(By.ID, "values").text
    label = page.find_element(By.ID, "diagram").get_attribute("aria-label")
    assert label.startswith("Colour-magnitude diagram of Cluster 1. Stars: 100, Log age: ")


def test_a_posterior(opened, posterior_page, run):
    page = opened(posterior_page)
    heads = page.find_elements(By.CSS_SELECTOR, "th")
    assert [" ".join(head.text.split()) for head in heads][-2:] == [
        "Goodness of fit",
        "[M/H] [dex]",
    ]
    # No minus sign before a zero.
    assert page.find_elements(By.CSS_SELECTOR, "td small")[-1].text == "0.00 to 0.30"
    details = page.find_element(By.ID, "values").text
    assert "Stars100" in details
    assert "Effective samples151" in details
    row = run[1].iloc[0]
    places = 2 if row["distance_kpc"] > 1 else 3
    assert f"Distance{row['distance_kpc']:.{places}f} (" in details
    assert page.find_element(By.ID, "unused").is_displayed()
    assert page.find_element(By.ID, "isochrone").text == "PARSEC isochrone of the estimate"
    shown = "const c = document.getElementById('diagram').getContext('2d');"
    script = shown + "return [...c.getImageData(0, 0, c.canvas.width, c.canvas.height).data]"
    pixels = page.execute_script(script)
    navy = sum(pixels[i : i + 3] == [6, 32, 63] for i in range(0, len(pixels), 4))
    assert navy > 50
    page.find_elements(By.CSS_SELECTOR, "tbody tr")[2].click()
    assert page.find_element(By.CSS_SELECTOR, "td small.flag").text == "outside domain"


def test_a_thousand_clusters(opened, large_page):
    page = opened(large_page)
    assert len(names(page)) == 1000
    assert ink(page)["line"] > 200
    page.find_elements(By.CSS_SELECTOR, "th button")[2].click()
    page.find_element(By.ID, "search").send_keys("sim_00012")
    assert len(names(page)) == 10


def test_sorting(opened, small_page, run):
    table = run[1]
    page = opened(small_page)
    heads = page.find_elements(By.CSS_SELECTOR, "th")
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
        (Keys.HOME, "Cluster 1"),
        (Keys.PAGE_DOWN, "</script><b>&'\""),
    ]:
        page.switch_to.active_element.send_keys(key)
        assert chosen(page) == name
        selected = page.find_elements(By.CSS_SELECTOR, "tr[aria-selected=true]")
        cells = [row.find_element(By.CSS_SELECTOR, "td span") for row in selected]
        assert [cell.text.replace("_", " ") for cell in cells] == [name]
    page.find_element(By.CSS_SELECTOR, "th button").send_keys(Keys.ENTER)
    assert page.find_element(By.CSS_SELECTOR, "th").get_attribute("aria-sort") == "ascending"


def test_a_cluster_that_could_not_be_measured_shows_its_stars(opened, small_page):
    page = opened(small_page)
    page.find_elements(By.CSS_SELECTOR, "tbody tr")[3].click()
    assert chosen(page) == "Cluster 4"
    assert page.find_element(By.ID, "flag").text == "cannot be measured"
    drawn = ink(page)
    assert drawn["dark"] > 500
    assert drawn["line"] == drawn["band"] == 0


@pytest.mark.parametrize("width", [500, 800])
def test_narrow_screens(opened, small_page, width):
    page = opened(small_page, width)
    size = page.execute_script(
        "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert size[0] <= size[1], "the page scrolls sideways"
    assert ink(page)["line"] > 100
    page.find_elements(By.CSS_SELECTOR, "tbody tr")[1].click()
    assert chosen(page) == "Cluster 2"

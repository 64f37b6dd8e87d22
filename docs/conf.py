"""How Sphinx builds the site: ``tox -e docs``."""

import os
import shutil
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

import api_pages
from gallery_order import SECTIONS

import skcluster

HERE = Path(__file__).parent

project = "skcluster"
author = "The skcluster developers"
release = version = skcluster.__version__

extensions = [
    "sphinx.ext.autodoc",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
    "mathml",
    "module_references",
]
exclude_patterns = ["_build"]
# Names in single backticks are looked up in the reference, and printed as code if not found there.
default_role = "py:obj"

myst_enable_extensions = ["colon_fence", "dollarmath", "deflist"]
myst_heading_anchors = 3
html_math_renderer = "mathml"

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # numpydoc's sections have the types
numpydoc_show_class_members = False  # api_pages chooses the methods
numpydoc_xref_param_type = False

# Examples write files beside themselves, so copies of them run.
EXAMPLES = HERE.parent / "out" / "examples"
shutil.rmtree(EXAMPLES, ignore_errors=True)
shutil.copytree(HERE.parent / "examples", EXAMPLES)

sphinx_gallery_conf = {
    "examples_dirs": "../out/examples",
    "gallery_dirs": "gallery",
    "subsection_order": [f"../out/examples/{name}" for name in SECTIONS],
    "filename_pattern": os.environ.get("SKCLUSTER_EXAMPLES", r"\.py$"),
    "ignore_pattern": "__init__",
    "within_subsection_order": "gallery_order.Order",
    "backreferences_dir": "gallery/used",
    "doc_module": ("skcluster",),
    "prefer_full_module": {r"skcluster\."},
    "show_memory": False,
    "show_signature": False,
    "download_all_examples": False,
    "remove_config_comments": True,
    "abort_on_example_error": True,
    "matplotlib_animations": False,
    "plot_gallery": "True",
    "min_reported_time": 1,
}

html_theme = "pydata_sphinx_theme"
html_title = "skcluster"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_sidebars = {"*": []}  # pages that stand alone; reference and gallery keep theirs
html_show_sourcelink = False
html_theme_options = {
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "show_prev_next": False,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
copyright = "The skcluster developers"

# scikit-learn and Keras warn of their own future inside examples.
warnings.filterwarnings("ignore", category=DeprecationWarning)

api_pages.write(HERE / "reference")

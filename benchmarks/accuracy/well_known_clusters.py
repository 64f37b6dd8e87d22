"""Published parameters of well-known open clusters of the sample, with their sources.

Ages are from the lithium depletion boundary or eclipsing binaries if available, otherwise from
isochrone fits to deep photometry or from rotation; [Fe/H] is from high-resolution spectra. Papers
are given as author, year, journal, volume and page.
"""

from math import log10
from typing import NamedTuple


class Known(NamedTuple):
    """One cluster.

    Attributes
    ----------
    name : str
        As cluster catalogues have it.
    called : str
        As astronomers call it.
    age : float
        In millions of years.
    age_source : str
        Paper.
    fe_h : float or None
        [Fe/H] (dex).
    fe_h_source : str
        Paper.
    e_b_v : float or None
        Colour excess E(B−V) (mag).
    distance_kpc : float or None
        Distance (kpc).
    others_source : str
        Papers of the latter two, where another than that of the age.
    """

    name: str
    called: str
    age: float
    age_source: str
    fe_h: float | None = None
    fe_h_source: str = ""
    e_b_v: float | None = None
    distance_kpc: float | None = None
    others_source: str = ""

    @property
    def log_age(self) -> float:
        """log10 of the age in years."""
        return 6 + log10(self.age)

    @property
    def a_v(self) -> float | None:
        """A_V (mag), 3.1 times the colour excess."""
        return None if self.e_b_v is None else 3.1 * self.e_b_v


_JACOBSON_A = "Jacobson, Friel & Pilachowski 2011, AJ 141, 58"
_JACOBSON_B = "Jacobson, Pilachowski & Friel 2011, AJ 142, 59"
_DORAZI = "D'Orazi & Randich 2009, A&A 501, 553"
_FRIEL = "Friel, Jacobson & Pilachowski 2010, AJ 139, 1942"

CLUSTERS = (
    Known("NGC_1960", "M 36", 22, "Jeffries et al. 2013, MNRAS 434, 2438"),
    Known("IC_4665", "IC 4665", 27.7, "Manzi et al. 2008, A&A 479, 141",
          -0.03, "Shen et al. 2005, ApJ 635, 608"),
    Known("NGC_2547", "NGC 2547", 35, "Jeffries & Oliveira 2005, MNRAS 358, 13"),
    Known("NGC_2232", "NGC 2232", 38, "Binks et al. 2021, MNRAS 505, 1280"),
    Known("IC_2602", "θ Carinae", 46, "Dobbie, Lodieu & Sharp 2010, MNRAS 409, 1002",
          0.00, _DORAZI),
    Known("IC_2391", "ο Velorum", 50,
          "Barrado y Navascués, Stauffer & Jayawardhana 2004, ApJ 614, 386", -0.01, _DORAZI),
    Known("Melotte_20", "α Persei", 90, "Stauffer et al. 1999, ApJ 527, 219",
          e_b_v=0.10, others_source="Pinsonneault et al. 1998, ApJ 504, 170"),
    Known("Melotte_22", "Pleiades", 112, "Dahm 2015, ApJ 813, 108",
          0.03, "Soderblom et al. 2009, AJ 138, 1292",
          0.04, 0.136,
          "Pinsonneault et al. 1998, ApJ 504, 170; Melis et al. 2014, Science 345, 1029"),
    Known("Blanco_1", "Blanco 1", 126, "Juarez et al. 2014, ApJ 795, 143",
          0.04, "Ford, Jeffries & Smalley 2005, MNRAS 364, 272"),
    Known("NGC_2287", "M 41", 243, "Dobbie et al. 2009, MNRAS 395, 2248"),
    Known("NGC_2281", "NGC 2281", 435, "Fritzewski et al. 2023, A&A 674, A152"),
    Known("NGC_2548", "M 48", 450, "Barnes et al. 2015, A&A 583, A73",
          -0.06, "Sun et al. 2020, AJ 159, 220", 0.05, None, "Sun et al. 2020"),
    Known("Melotte_111", "Coma Berenices", 562, "Silaj & Landstreet 2014, A&A 566, A132",
          0.00, "Heiter et al. 2014, A&A 561, A93",
          0.00, 0.0867, "Taylor 2006, AJ 132, 2453; van Leeuwen 2009, A&A 497, 209"),
    Known("Melotte_25", "Hyades", 650, "Martín et al. 2018, ApJ 856, 40",
          0.13, "Paulson, Sneden & Cochran 2003, AJ 125, 3185",
          0.00, 0.0463, "Taylor 2006, AJ 132, 2453; Perryman et al. 1998, A&A 331, 81"),
    Known("NGC_6866", "NGC 6866", 705, "Janes et al. 2014, AJ 147, 139",
          e_b_v=0.16, distance_kpc=1.25),
    Known("Trumpler_23", "Trumpler 23", 800, "Overbeek et al. 2017, A&A 598, A68",
          0.14, "Overbeek et al. 2017"),
    Known("NGC_6811", "NGC 6811", 1000, "Janes et al. 2013, AJ 145, 7",
          0.04, "Molenda-Żakowicz et al. 2014, MNRAS 445, 2446", 0.074),
    Known("NGC_2355", "NGC 2355", 1000, "Soubiran, Odenkirchen & Le Campion 2000, A&A 357, 484",
          -0.08, _JACOBSON_B, 0.16, 1.65),
    Known("NGC_6583", "NGC 6583", 1000, "Carraro, Méndez & Costa 2005, MNRAS 356, 647",
          0.37, "Magrini et al. 2010, A&A 523, A11"),
    Known("NGC_1817", "NGC 1817", 1120, "Balaguer-Núñez et al. 2004, A&A 426, 819",
          -0.16, _JACOBSON_B),
    Known("NGC_6939", "NGC 6939", 1300, "Andreuzzi et al. 2004, MNRAS 348, 297",
          0.00, "Jacobson, Friel & Pilachowski 2007, AJ 134, 1216", 0.36, 1.86),
    Known("NGC_752", "NGC 752", 1450, "Twarog et al. 2015, AJ 150, 134",
          -0.02, "Böcek Topcu et al. 2015, MNRAS 446, 3562", 0.034),
    Known("NGC_4337", "NGC 4337", 1600, "Carraro, Monaco & Villanova 2014, A&A 568, A86",
          0.12, "Carraro, Monaco & Villanova 2014", 0.23),
    Known("NGC_2204", "NGC 2204", 1600, "Kassis et al. 1997, AJ 113, 1723",
          -0.23, _JACOBSON_A, 0.13, 3.98),
    Known("NGC_3680", "NGC 3680", 1750, "Anthony-Twarog & Twarog 2004, AJ 127, 1000",
          -0.04, "Pace, Pasquini & François 2008, A&A 489, 403", 0.058),
    Known("NGC_2112", "NGC 2112", 1800, "Carraro et al. 2008, MNRAS 386, 1625",
          0.16, "Carraro et al. 2008", 0.60, 0.94),
    Known("NGC_2420", "NGC 2420", 1900, "Anthony-Twarog et al. 2006, AJ 131, 461",
          -0.16, "Souto et al. 2016, ApJ 830, 35", 0.05),
    Known("Ruprecht_147", "Ruprecht 147", 2670, "Torres et al. 2020, ApJ 896, 162",
          0.08, "Bragaglia et al. 2018, A&A 619, A176",
          0.08, 0.295, "Curtis et al. 2013, AJ 145, 134"),
    Known("NGC_6253", "NGC 6253", 3000, "Bragaglia et al. 1997, MNRAS 284, 477",
          0.46, "Carretta, Bragaglia & Gratton 2007, A&A 473, 129", 0.275, 1.51),
    Known("NGC_7142", "NGC 7142", 3600, "Sandquist et al. 2013, AJ 146, 40",
          0.14, "Jacobson, Friel & Pilachowski 2008, AJ 135, 2341"),
    Known("NGC_2243", "NGC 2243", 3800, "Anthony-Twarog, Atwell & Twarog 2005, AJ 129, 872",
          -0.42, _JACOBSON_A, 0.055),
    Known("NGC_2682", "M 67", 4000, "VandenBerg & Stetson 2004, PASP 116, 997",
          0.03, "Randich et al. 2006, A&A 450, 557", 0.041, None, "Taylor 2007, AJ 133, 370"),
    Known("NGC_1193", "NGC 1193", 5000, "Kyeong et al. 2008, JKAS 41, 147",
          -0.22, _FRIEL, 0.19),
    Known("NGC_188", "NGC 188", 6200, "Meibom et al. 2009, AJ 137, 5086",
          0.12, _FRIEL, 0.09, None, "Sarajedini et al. 1999, AJ 118, 2894"),
)  # fmt: skip

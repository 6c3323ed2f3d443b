"""What the demo company sells: 8 categories of 20 products, with prices, packs, lives and speeds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

CATEGORIES = (
    "Dairy",
    "Bakery",
    "Chilled & Deli",
    "Drinks",
    "Snacks & Sweets",
    "Pantry",
    "Frozen",
    "Household & Care",
)
FRESH_CATEGORIES = ("Dairy", "Bakery", "Chilled & Deli")

SPEEDS = {"A": 16.0, "B": 5.5, "C": 1.7, "D": 0.22, "L": 0.08}
"""Mean units a day in a store of size 1, by speed class. D sells on one day in five; L (lumpy) is bought
rarely and several at a time."""

LUMPY_BASKET = 6
"""Mean units of one purchase in speed class L."""

# name | price EUR | eaches in a case | life in days (- : does not expire) | speed | volume litre | weight kg
# Products 17 and 18 of a category are a successor and the product that it replaced (see seasons.lifecycle).
_DAIRY = """
Glenmara Fresh Whole Milk 2 l|2.19|8|11|A|2.1|2.1
Glenmara Fresh Low-Fat Milk 1 l|1.25|12|11|A|1.05|1.05
Killoughter Salted Butter 227 g|2.99|20|60|A|0.3|0.24
Killoughter Unsalted Butter 454 g|5.49|10|60|B|0.6|0.47
Tulla Natural Yoghurt 500 g|1.89|6|24|B|0.55|0.53
Tulla Strawberry Yoghurt 4 × 125 g|2.29|6|24|B|0.6|0.54
Tulla Greek Style Yoghurt 450 g|2.49|6|26|B|0.5|0.48
Glenmara Fresh Cream 250 ml|1.49|12|14|B|0.27|0.27
Ardmore Mature Cheddar 400 g|5.29|12|75|B|0.5|0.41
Ardmore Cheddar Slices 160 g|2.59|12|50|B|0.3|0.18
Ardmore Grated Mozzarella 200 g|2.39|10|40|B|0.4|0.22
Corrib Soft Cheese 200 g|1.99|10|45|B|0.25|0.22
Corrib Goat's Cheese Log 100 g|3.29|6|32|D|0.15|0.12
Burren Blue Cheese 150 g|4.19|6|35|D|0.2|0.16
Tulla Kefir Drink 500 ml|2.69|6|21|C|0.55|0.54
Tulla Vanilla Skyr 450 g|2.79|6|24|C|0.5|0.48
Glenmara Oat & Milk Drink 1 l|2.39|6|20|C|1.05|1.06
Glenmara Lactose-Free Milk 1 l|1.99|6|18|B|1.05|1.05
Killoughter Dairy Spread 454 g|2.19|12|70|B|0.6|0.48
Burren Smoked Cheese 200 g|4.79|6|50|D|0.25|0.21
"""
_BAKERY = """
Hearth & Oat White Sliced Pan 800 g|1.69|10|7|A|4.0|0.82
Hearth & Oat Wholemeal Pan 800 g|1.89|10|7|A|4.0|0.82
Millrace Brown Soda Bread 450 g|1.99|8|6|B|1.6|0.46
Millrace Batch Loaf 800 g|2.09|8|6|B|3.5|0.82
Hearth & Oat Burger Buns 6 pack|1.49|8|9|B|2.0|0.36
Hearth & Oat Hot Dog Rolls 6 pack|1.59|8|9|C|2.0|0.36
La Rambla Plain Wraps 8 pack|1.79|12|35|B|0.8|0.5
La Rambla Wholemeal Wraps 6 pack|1.89|12|35|B|0.7|0.38
Millrace Croissants 4 pack|2.49|6|6|B|2.0|0.22
Millrace Pains au Chocolat 4 pack|2.79|6|6|C|2.0|0.26
Doonbeg Fruit Scones 4 pack|2.29|6|6|B|1.2|0.3
Doonbeg Barmbrack 400 g|3.29|6|16|C|1.0|0.42
Doonbeg Porter Cake 550 g|4.99|6|45|D|1.2|0.57
Hearth & Oat Bagels 5 pack|1.99|8|10|B|1.8|0.44
Hearth & Oat Crumpets 6 pack|1.39|8|9|B|1.0|0.34
Millrace Pitta Bread 6 pack|1.29|12|18|B|0.9|0.38
Hearth & Oat Seeded Sourdough 500 g|3.49|6|6|B|2.2|0.52
Hearth & Oat Seeded Batch 500 g|2.99|6|6|B|2.2|0.52
La Rambla Naan Bread 2 pack|1.69|10|16|B|0.6|0.27
Doonbeg Gluten-Free Loaf 300 g|4.29|6|20|D|1.3|0.32
"""
_CHILLED = """
Farmleigh Baked Ham Slices 130 g|2.49|10|24|A|0.3|0.15
Farmleigh Turkey Breast Slices 120 g|2.99|10|21|B|0.3|0.14
Farmleigh Smoked Rashers 200 g|3.29|12|28|A|0.35|0.22
Farmleigh Pork Sausages 454 g|3.79|12|16|A|0.6|0.47
Farmleigh Black Pudding 280 g|2.69|12|32|B|0.35|0.3
Farmleigh White Pudding 280 g|2.69|12|32|C|0.35|0.3
Inishmaan Smoked Salmon 100 g|5.99|8|24|B|0.25|0.12
Inishmaan Seafood Chowder 400 g|4.49|6|12|D|0.5|0.43
Larder Lane Houmous 200 g|1.99|8|18|B|0.3|0.22
Larder Lane Coleslaw 300 g|1.79|8|14|B|0.4|0.32
Larder Lane Potato Salad 300 g|1.99|8|14|B|0.4|0.32
Larder Lane Vegetable Soup 600 g|3.29|6|18|B|0.7|0.63
Larder Lane Chicken Curry & Rice 400 g|4.49|6|12|B|0.8|0.44
Larder Lane Lasagne 400 g|4.29|6|12|B|0.8|0.44
Larder Lane Cottage Pie 400 g|4.29|6|12|C|0.8|0.44
Larder Lane Fresh Tagliatelle 250 g|2.29|8|28|C|0.6|0.27
Larder Lane Falafel Bites 200 g|2.99|6|18|C|0.5|0.22
Larder Lane Onion Bhajis 200 g|2.79|6|18|C|0.5|0.22
Farmleigh Cocktail Sausages 227 g|2.49|10|16|B|0.4|0.24
Inishmaan Crab Pâté 113 g|4.99|6|24|D|0.2|0.13
"""
_DRINKS = """
Claddagh Spring Still Water 2 l|0.95|6|540|A|2.05|2.05
Claddagh Spring Sparkling Water 1.5 l|0.89|6|540|B|1.55|1.55
Fizzwick Cola 2 l|1.99|8|240|A|2.05|2.1
Fizzwick Cola Zero 2 l|1.99|8|180|A|2.05|2.05
Fizzwick Orange 2 l|1.89|8|240|B|2.05|2.1
Fizzwick Lemonade 2 l|1.79|8|240|B|2.05|2.1
Orchard Row Apple Juice 1 l|2.09|12|300|B|1.05|1.06
Orchard Row Orange Juice 1 l|2.49|12|270|A|1.05|1.06
Orchard Row Cranberry Juice 1 l|2.79|6|300|D|1.05|1.06
Bray Head Cloudy Squash 1 l|2.29|12|365|B|1.05|1.1
Voltara Energy Drink 4 × 250 ml|4.49|6|360|B|1.05|1.1
Barrow Tea Bags 160 pack|5.99|12|720|B|1.9|0.5
Barrow Decaf Tea Bags 80 pack|3.79|12|720|D|1.0|0.25
Kinsale Roast Ground Coffee 227 g|4.99|12|540|B|0.7|0.24
Kinsale Instant Coffee 200 g|7.49|6|720|B|0.9|0.5
Slieve Elderflower Pressé 750 ml|3.99|6|450|D|0.8|1.2
Fizzwick Ginger Ale Zero 1 l|1.59|6|240|C|1.05|1.05
Fizzwick Ginger Ale 1 l|1.59|6|300|C|1.05|1.05
Claddagh Spring Sport Water 6 × 500 ml|2.99|4|540|B|3.1|3.1
Slieve Tonic Syrup 500 ml|7.99|6|540|L|0.55|0.8
"""
_SNACKS = """
Ballyknock Cheese & Onion Crisps 6 pack|2.69|12|90|A|3.0|0.16
Ballyknock Ready Salted Crisps 6 pack|2.69|12|90|B|3.0|0.16
Ballyknock Sea Salt Hand-Cooked 150 g|2.49|12|120|B|2.2|0.16
Ballyknock Tortilla Chips 200 g|1.79|12|150|B|2.4|0.21
Rosscara Milk Chocolate 100 g|1.89|24|330|A|0.15|0.1
Rosscara Dark Chocolate 70 % 100 g|2.29|24|420|B|0.15|0.1
Rosscara Hazelnut Chocolate 100 g|2.09|24|300|B|0.15|0.1
Rosscara Chocolate Selection 350 g|8.99|6|270|L|1.6|0.42
Tipsy Fox Wine Gums 170 g|1.69|18|360|B|0.3|0.17
Tipsy Fox Fruit Jellies 170 g|1.69|18|360|B|0.3|0.17
Maplewood Digestives 400 g|1.59|20|240|A|0.9|0.41
Maplewood Rich Tea 300 g|1.19|24|240|B|0.8|0.31
Maplewood Chocolate Chip Cookies 200 g|1.99|16|210|B|0.7|0.21
Maplewood Oat Bars 6 pack|2.49|12|240|B|0.6|0.2
Nutgrove Salted Peanuts 200 g|1.99|16|270|B|0.35|0.21
Nutgrove Mixed Nuts 150 g|3.49|12|270|D|0.35|0.16
Nutgrove Trail Mix 175 g|2.99|12|270|C|0.35|0.18
Nutgrove Fruit & Nut Mix 175 g|2.89|12|240|C|0.35|0.18
Ballyknock Popcorn Sweet & Salty 100 g|1.89|12|150|B|1.6|0.11
Rosscara Liquorice Tin 250 g|6.49|6|540|L|0.6|0.33
"""
_PANTRY = """
Molino Verde Spaghetti 500 g|1.29|20|900|A|0.8|0.51
Molino Verde Penne 500 g|1.29|20|900|A|1.2|0.51
Harvest Dock Long Grain Rice 1 kg|2.19|12|720|B|1.2|1.01
Harvest Dock Basmati Rice 500 g|2.29|12|720|B|0.6|0.51
Molino Verde Chopped Tomatoes 400 g|0.89|12|1000|A|0.42|0.46
Molino Verde Tomato & Basil Sauce 500 g|1.99|12|540|B|0.55|0.75
Harvest Dock Baked Beans 415 g|0.95|24|900|A|0.42|0.48
Harvest Dock Chickpeas 400 g|0.85|12|1000|B|0.42|0.46
Inishmaan Tuna in Brine 3 × 80 g|3.99|16|1200|B|0.4|0.36
Ballinode Porridge Oats 1 kg|1.99|10|360|B|2.4|1.02
Ballinode Corn Flakes 500 g|2.59|12|300|B|4.0|0.55
Ballinode Fruit Muesli 750 g|3.79|8|300|D|2.0|0.77
Harvest Dock Plain Flour 2 kg|1.89|8|300|B|3.0|2.02
Harvest Dock Granulated Sugar 1 kg|1.45|15|-|B|1.1|1.01
Olivar Extra Virgin Olive Oil 500 ml|6.99|12|540|C|0.55|0.95
Olivar Sunflower Oil 1 l|2.79|12|450|B|1.05|1.0
Harvest Dock Red Lentils 500 g|1.79|12|720|C|0.6|0.51
Harvest Dock Brown Lentils 500 g|1.69|12|720|C|0.6|0.51
Ballinode Raspberry Jam 370 g|2.49|12|540|B|0.4|0.6
Olivar Truffle Oil 100 ml|9.99|6|540|D|0.15|0.25
"""
_FROZEN = """
Arctic Bay Garden Peas 900 g|2.29|10|540|B|1.6|0.91
Arctic Bay Oven Chips 1.5 kg|3.29|8|540|A|3.2|1.52
Arctic Bay Fish Fingers 10 pack|3.49|12|450|B|0.9|0.31
Arctic Bay Breaded Cod 4 pack|6.49|8|450|B|1.2|0.52
Napoli Forno Margherita Pizza 330 g|2.99|9|300|A|1.8|0.38
Napoli Forno Pepperoni Pizza 350 g|3.29|9|300|B|1.8|0.4
Napoli Forno Garlic Bread 2 pack|1.79|12|300|B|1.0|0.35
Dunree Vanilla Ice Cream 1 l|3.49|6|540|B|1.1|0.55
Dunree Raspberry Ripple 1 l|3.49|6|540|C|1.1|0.55
Dunree Choc Ices 8 pack|3.29|8|540|B|0.9|0.4
Dunree Fruit Lollies 10 pack|2.79|8|540|B|0.9|0.6
Arctic Bay Mixed Vegetables 900 g|1.99|10|540|B|1.6|0.91
Arctic Bay Berries 400 g|3.79|10|540|D|0.8|0.41
Farmleigh Chicken Goujons 500 g|5.49|8|360|B|1.2|0.52
Farmleigh Beef Burgers 8 pack|6.99|8|360|B|1.1|0.9
Arctic Bay Spinach 750 g|2.19|10|540|D|1.2|0.76
Arctic Bay Sweet Potato Fries 500 g|2.99|8|540|B|1.4|0.52
Arctic Bay Curly Fries 750 g|2.79|8|540|B|1.8|0.77
Napoli Forno Four Cheese Pizza 340 g|3.19|9|300|C|1.8|0.39
Dunree Ice Cream Cake 900 ml|7.99|4|450|D|1.5|0.7
"""
_HOUSEHOLD = """
Brightwell Toilet Tissue 9 rolls|4.99|5|-|A|14.0|0.9
Brightwell Kitchen Towel 2 rolls|2.49|12|-|B|5.0|0.4
Brightwell Washing-Up Liquid 500 ml|1.49|12|-|B|0.55|0.55
Sudsbury Laundry Capsules 30 wash|9.99|6|900|B|1.6|0.8
Sudsbury Laundry Liquid 1.5 l|8.49|6|900|B|1.7|1.6
Sudsbury Fabric Softener 1.2 l|3.99|8|900|B|1.3|1.3
Brightwell Multi-Surface Spray 750 ml|2.79|10|-|B|0.9|0.8
Brightwell Bleach 2 l|1.99|6|720|B|2.1|2.2
Brightwell Bin Liners 20 pack|3.29|12|-|B|0.9|0.45
Sudsbury Dishwasher Tablets 40 pack|8.99|8|900|B|1.5|0.8
Calla Shower Gel 250 ml|2.29|12|900|B|0.3|0.28
Calla Shampoo 400 ml|3.99|6|900|B|0.45|0.43
Calla Conditioner 400 ml|3.99|6|900|D|0.45|0.43
Calla Hand Soap 300 ml|1.79|12|900|B|0.35|0.33
Minty Day Toothpaste 100 ml|2.59|12|900|B|0.2|0.13
Minty Day Toothbrush 2 pack|3.49|12|-|L|0.2|0.05
Calla Roll-On Deodorant 50 ml|2.99|12|900|C|0.12|0.1
Calla Stick Deodorant 50 ml|3.19|12|900|C|0.12|0.1
Brightwell Facial Tissues 80 pack|1.59|24|-|B|1.4|0.2
Brightwell Silver Polish 250 ml|5.99|6|-|L|0.3|0.3
"""
_TEXTS = (_DAIRY, _BAKERY, _CHILLED, _DRINKS, _SNACKS, _PANTRY, _FROZEN, _HOUSEHOLD)
_ROWS = tuple(
    tuple(tuple(line.split("|")) for line in text.strip().splitlines()) for text in _TEXTS
)  # [category][position] → fields
PER_CATEGORY = len(_ROWS[0])

_COST_SHARE = (0.72, 0.62, 0.66, 0.64, 0.60, 0.66, 0.63, 0.61)
"""Purchase cost over price, by category, before the product's own ±6 %."""


@dataclass(frozen=True)
class Catalogue:
    """The products as arrays, one entry a product, in the order of the `products` table."""

    sku: list[str]
    name: list[str]
    brand: list[str]
    category: npt.NDArray[np.int64]
    position: npt.NDArray[np.int64]
    """0-based place of the product within its category's list."""
    unit_price: Floats
    unit_cost: Floats
    case_pack: Floats
    shelf_life: Floats
    """Days from production; NaN: does not expire."""
    speed: list[str]
    volume: Floats
    weight: Floats

    @property
    def fresh(self) -> npt.NDArray[np.bool_]:
        """Products of the fresh categories, whose batches are followed day by day."""
        indices = [CATEGORIES.index(name) for name in FRESH_CATEGORIES]
        return np.isin(self.category, indices)

    def __len__(self) -> int:
        return len(self.sku)


def sku_code(category: int, position: int) -> str:
    """Return the code of a product: a leading zero (codes are text), category 1–8, place 1–.

    >>> sku_code(0, 6)
    '01007'
    """
    return f"0{category + 1}{position + 1:03d}"


def catalogue(count: int, rng: np.random.Generator) -> Catalogue:
    """Return the first `count` products, going round the categories so that small demos hold them all.

    Beyond the 160 written products the list repeats in larger packs ("… twin pack", "… 3-pack"), so any
    count works.
    """
    places = sorted((index % len(CATEGORIES), index // len(CATEGORIES)) for index in range(count))
    names, speeds, numbers = [], [], []
    for category, position in places:
        repeat, place = divmod(position, PER_CATEGORY)
        name, price, pack, life, speed, volume, weight = _ROWS[category][place]
        size = repeat + 1
        names.append(name + ("" if repeat == 0 else " twin pack" if repeat == 1 else f" {size}-pack"))
        speeds.append(speed if repeat == 0 else "CD"[repeat % 2])
        discount = 1 - 0.05 * min(repeat, 3)
        numbers.append(
            (
                round(float(price) * size * discount, 2),
                float(pack),
                np.nan if life == "-" else float(life),
                float(volume) * size,
                float(weight) * size,
            )
        )
    unit_price, case_pack, shelf_life, volumes, weights = np.array(numbers).T
    categories = np.array([category for category, _ in places])
    cost_share = np.array(_COST_SHARE)[categories] * rng.uniform(0.94, 1.06, count)
    return Catalogue(
        sku=[sku_code(category, position) for category, position in places],
        name=names,
        brand=[_brand(name) for name in names],
        category=categories,
        position=np.array([position for _, position in places]),
        unit_price=unit_price,
        unit_cost=np.round(unit_price * cost_share / 1.1, 2),  # the price holds about 10 % of sales tax
        case_pack=case_pack,
        shelf_life=shelf_life,
        speed=speeds,
        volume=volumes,
        weight=weights,
    )


_TWO_WORD_BRANDS = (
    "Hearth & Oat",
    "La Rambla",
    "Larder Lane",
    "Claddagh Spring",
    "Orchard Row",
    "Bray Head",
    "Kinsale Roast",
    "Tipsy Fox",
    "Molino Verde",
    "Harvest Dock",
    "Arctic Bay",
    "Napoli Forno",
    "Minty Day",
)


def _brand(name: str) -> str:
    for brand in _TWO_WORD_BRANDS:
        if name.startswith(brand):
            return brand
    return name.split(" ", 1)[0]

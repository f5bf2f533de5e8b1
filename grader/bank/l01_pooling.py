"""Questions of lesson 01: pooling."""

from grader.bank import Mistake, Number, question


@question("l01-mean-price", topic="pooling", revisit="01: Complete pooling")
def mean_price(homes):
    """Ask for the mean price of all houses, the complete-pooling estimate."""
    price = homes["price"]
    by_zipcode = homes.groupby("zipcode", observed=True)["price"].mean()
    return Number(
        price.mean(),
        unit="USD",
        mistakes=[
            Mistake(
                by_zipcode.mean(),
                name="mean of group means for mean of houses",
                says="This is the mean of the nine zip-code means. "
                "It gives each zip code the same weight. The question gives each house the same weight.",
                credit=0.5,
            ),
            Mistake(
                price.median(),
                name="median for mean",
                says="This is the median price: half of the houses cost less. It asks for the mean.",
            ),
            Mistake(
                price.mean() / 1000,
                name="thousands of dollars",
                says="This is in thousands of dollars. The question asks for dollars.",
                credit=0.5,
            ),
        ],
    )

"""Words of UNIPEN whose ink is not what their label says, all single digits of category 7."""

# By data file: the delineations, separated by spaces.
MISLABELLED = {
    "7/att/att0/a0413044.dat": "89-91 121-123",
    "7/hpb/hpb5/hpb5-das.dat": "1568-1569 1782-1786 1787 1788-1790",
    "7/hpb/hpb5/hpb5-jcb.dat": "598 599 1032-1033 1034 1374-1375 1376-1378",
    "7/hpb/hpb5/hpb5-swd.dat": "1870-1874 1875-1876",
    "7/hpp/hpp2/hpb2-se.dat": "876-877 898-899 1469-1470",
    "7/hpp/hpp3/hpb3-gem.dat": "1430-1431 1572-1573 1574-1577 2180-2181 2596-2597 2670-2671",
    "7/hpp/hpp3/hpb3-je0.dat": (
        "1424-1425 1426-1427 1428-1431 1434-1437 1438-1439 1440-1441 1444-1445 1688-1693 2920-2923"
    ),
    "7/hpp/hpp3/hpb3-rc0.dat": (
        "1110-1113 1344-1347 1390-1391 1734-1735 1752-1755 1756-1757 2054-2055"
    ),
    "7/hpp/hpp3/hpb3-rdc.dat": (
        "1500-1503 1596-1597 1598-1599 1610-1611 1628-1631 6400-6401 6402-6405"
    ),
    "7/hpp/hpp3/hpb3-wf0.dat": "362-365 366-367 2716-2719",
}


def is_mislabelled(source: str) -> bool:
    """Tell whether a segment, named as `Ink.source`, is in the list."""
    name, _, delineation = source.partition("#")
    return delineation in MISLABELLED.get(name, "").split()

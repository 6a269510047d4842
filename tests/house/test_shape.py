"""Holds modules, functions and folders to sizes that can be read at a glance, and imports to one direction."""

from tests.house import limits, shape


def test_modules_are_short() -> None:
    """A module that fits on a few screens is read to its end."""
    sizes = shape.modules()
    longest = "\n".join(f"{lines} {place}" for lines, place in sizes.places[:-11:-1])
    assert sizes.median <= limits.MODULE_MEDIAN
    assert sizes.p90 <= limits.MODULE_P90, longest
    assert sizes.max <= limits.MODULE_MAX, longest


def test_functions_are_short() -> None:
    """Half of all functions are seen whole without scrolling."""
    sizes = shape.functions()
    assert sizes.median <= limits.FUNCTION_MEDIAN


def test_no_folder_of_code_is_crowded() -> None:
    """Beyond sixteen names a listing is no longer read but searched."""
    counts = [(count, name) for count, name, code in shape.folder_counts() if code]
    assert [one for one in counts if one[0] > limits.FILES_PER_CODE_FOLDER] == []


def test_rooms_have_a_readme() -> None:
    """A newcomer who opens a folder reads there which file does what."""
    assert shape.rooms_without_readme() == []


def test_names_describe_contents() -> None:
    """A module called utils is where unrelated functions collect."""
    assert shape.forbidden_names() == []


def test_modules_import_in_one_direction() -> None:
    """Two modules that need each other cannot be read, tested or replaced separately."""
    assert shape.cycles(shape.module_graph()) == []


def test_rooms_import_in_one_direction() -> None:
    """Sub-rooms in a circle are one room with two names."""
    assert shape.room_cycles() == []


def test_cycles_are_found_and_printed_in_order() -> None:
    """An edge a to b means that a imports b."""
    assert shape.cycles({"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set()}) in (
        [["a", "b", "c", "a"]],
        [["b", "c", "a", "b"]],
        [["c", "a", "b", "c"]],
    )


def test_sibling_graphs_take_a_package_as_one_node() -> None:
    """Imports between different files of two rooms form a circle of rooms without a circle of modules."""
    graph = {
        "r": set(),
        "r.a": set(),
        "r.a.x": {"r.b.x"},
        "r.a.y": {"r"},
        "r.b": set(),
        "r.b.x": set(),
        "r.b.y": {"r.a.y"},
    }
    assert shape.cycles(graph) == []
    siblings = shape.sibling_graphs(graph)
    assert siblings["r"] == {"a": {"b", "__init__"}, "b": {"a"}}
    assert len(shape.cycles(siblings["r"])) == 1

"""The page's few drawings, as inline SVG: nothing is fetched, and they take the colour of the text around them."""

_PATHS = {
    "alert": '<circle cx="12" cy="12" r="9"/><path d="M12 7.5v5.5M12 16.4v.1"/>',
    "check": '<circle cx="12" cy="12" r="9"/><path d="m8 12.4 2.8 2.8L16 9.8"/>',
    "chevron": '<path d="m9 6 6 6-6 6"/>',
    "clock": '<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3 2"/>',
    "close": '<path d="M6 6l12 12M18 6 6 18"/>',
    "info": '<circle cx="12" cy="12" r="9"/><path d="M12 11v5.5M12 7.6v.1"/>',
    "pen": '<path d="M12 5H6a2 2 0 0 0-2 2v11a2 2 0 0 0 2 2h11a2 2 0 0 0 2-2v-6M18.4 3.6a2 2 0 0 1 2.9 2.8L13 14.8 9 16l1.1-4z"/>',
    "person": '<circle cx="12" cy="8" r="4"/><path d="M4.5 20.5c1-4 4-5.5 7.5-5.5s6.5 1.5 7.5 5.5"/>',
    "thumb-up": '<path d="M7 10.5v9.5H4.5a1 1 0 0 1-1-1v-7.5a1 1 0 0 1 1-1zM7 10.5l4.2-7.2c1.7 0 2.6 1.2 2.3 2.8L13 9.5h5.4a2 2 0 0 1 2 2.4l-1.3 6.5a2 2 0 0 1-2 1.6H7"/>',
    "thumb-down": '<path d="M17 13.5V4h2.5a1 1 0 0 1 1 1v7.5a1 1 0 0 1-1 1zM17 13.5l-4.2 7.2c-1.7 0-2.6-1.2-2.3-2.8l.5-3.4H5.6a2 2 0 0 1-2-2.4l1.3-6.5a2 2 0 0 1 2-1.6H17"/>',
}


def icon(name: str) -> str:
    """Return an icon's SVG; it says nothing to a screen reader, the control around it has a label."""
    return f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{_PATHS[name]}</svg>'

"""What a reader of a page checks: that words come to stand there, and that nothing sticks out."""


def shows(page, text, where="main"):
    """The text comes to stand in this part of the page; waits for it, as a reader would while the page is still coming."""
    from playwright.sync_api import expect

    expect(page.locator(where).first).to_contain_text(text)


def fits(page):
    """Nothing sticks out of the screen sideways, once the page is all there."""
    page.wait_for_load_state()
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")

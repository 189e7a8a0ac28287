"""The forms of personal data in text, English and Chinese; read by `agents.privacy` alone, which checks what they find.

EMAIL, IBAN, CARD, … -> where such a thing may stand; the group `value`, where there is one, is the thing itself
"""

import re

EMAIL = re.compile(
    r"(?<![\w.+-])[\w.!#$%&'*+/=?^`{|}~-]{1,64}[@＠](?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,24}", re.ASCII
)
SPOKEN_EMAIL = re.compile(
    r"(?<![\w.])[a-z0-9][\w.+-]{1,40}\s?(?:\(at\)|\[at\]|\bat\b)\s?[a-z0-9-]{2,40}\s?(?:\(dot\)|\[dot\]|\bdot\b)\s?"
    r"(?:com|org|net|de|uk|cn|io|co)\b",
    re.I | re.ASCII,
)
IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{1,4}){3,8}(?![A-Za-z0-9])")
CARD = re.compile(r"(?<![\w-])(?<!\d[.,])[2-6]\d{3}(?:[ -]?\d{2,6}){2,4}(?![\w-])", re.ASCII)
RESIDENT = re.compile(
    r"(?<![0-9A-Za-z])[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![0-9A-Za-z])"
)
SSN = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])", re.ASCII)
SSN_SAID = re.compile(
    r"(?:\bssn|social security(?: number| no\.?)?)[^0-9\n]{0,12}(?P<value>(?!000|666|"
    r"9)\d{3}[ ]?(?!00)\d{2}[ ]?(?!0000)\d{4})(?!\d)",
    re.I,
)
NINO = re.compile(
    r"(?<!\w)(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)"
)
PASSPORT = re.compile(
    r"(?:\bpassport(?:\s+(?:number|no\.?|num|nr\.?|id))?(?:\s+is)?|护照(?:号码|号)?(?:是|为)?|通行证(?:号码|号)?(?:是|为)?)"
    r"[\s:：#]{0,3}(?P<value>(?=[A-Z0-9]*\d{5})[A-Z0-9]{7,10})(?![A-Za-z0-9])",
    re.I,
)
ACCOUNT = re.compile(
    r"(?:\b(?:bank |current |checking )?account(?:\s+(?:number|no\.?|nr\.?))(?:\s+is)?|"
    r"\brouting(?:\s+number)?(?:\s+is)?|"
    r"(?:银行)?(?:账号|帐号|卡号|账户)(?:是|为)?)[\s:：#]{0,3}(?P<value>\d(?:[ -]?\d){6,18})(?!\d)",
    re.I,
)
SORT_CODE = re.compile(r"\bsort code(?:\s+is)?[\s:]{0,3}(?P<value>\d{2}-?\d{2}-?\d{2})(?!\d)", re.I)
IP4 = re.compile(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)", re.ASCII)
IP6 = re.compile(r"(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])", re.I | re.ASCII)
VERSION_BEFORE = re.compile(r"(?:version|firmware|release|\bv|build)\s*$", re.I)
CN_PHONE = re.compile(
    r"(?<![\w.-])(?:(?:\+|00)?86[ -]?)?(?:1[3-9]\d[ -]?\d{4}[ -]?\d{4}|0\d{2,3}[ -]\d{7,8}|"
    r"\(0\d{2,3}\) ?\d{7,8})(?![\d-]|[A-Za-z])",
    re.ASCII,
)
CN_HOTLINE = re.compile(r"(?<![\w-])[48]00-?\d{3}-?\d{4}(?![\w-])", re.ASCII)
NO_PHONE_BEFORE = re.compile(
    r"(?:order|tracking|parcel|invoice|ticket|reference|ref|sku|item|article|product|model|serial|"
    r"number plate|coupon|voucher|code|"
    r"ean|isbn|gtin|batch|lot|case|part|订单号?|单号|编号|货号|型号|运单号?|快递单号|条码|序列号|工单|发票号?)"
    r"(?:\s*(?:number|no\.?|nr\.?|id|is|was|号|是|为))*[\s:：#]*(?:[A-Za-z]{1,4}-?)?$",
    re.I,
)
MONEY_BESIDE = re.compile(r"[€$£¥]\s*$|(?:EUR|USD|GBP|RMB|CNY)\s*$")

_STREET = (
    r"(?:Street|St\.?|Road|Rd\.?|Avenue|Ave\.?|Lane|Ln\.?|Drive|Dr\.?|Way|Close|Court|Ct\.?|Crescent|"
    r"Boulevard|Blvd\.?|Square|"
    r"Terrace|Place|Pl\.?|Row|Gardens|Grove|Hill|Mews|Parkway|Pkwy\.?|Highway|Walk|Quay|Yard|Circle|Wharf)"
)
_POSTCODE = r"(?:[A-Z]{1,2}\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2}|[A-Z]{2} \d{5}(?:-\d{4})?|\d{5}(?= [A-Z]))"
_TOWN = r"(?:,? ?(?:[A-Z][a-z'’.-]+(?: [A-Z][a-z'’.-]+){0,2}))"
ADDRESS = re.compile(
    r"(?<![\w-])(?:(?:[Ff]lat|[Aa]partment|[Aa]pt\.?|[Uu]nit|"
    r"[Ss]uite) ?#?\w{1,5},? )?\d{1,5}[A-Za-z]?,? (?:[NSEW]\.? )?"
    rf"(?:[A-Z][\w'’-]+\.? ){{1,3}}{_STREET}(?![\w])(?:,? (?:[Ff]lat|[Aa]partment|[Aa]pt\.?|[Uu]nit|"
    rf"[Ss]uite|#) ?\w{{1,5}})?"
    rf"(?:,{_TOWN}){{0,3}}(?:,? ?{_POSTCODE})?"
)
LOWER_ADDRESS = re.compile(
    r"(?<![\w-])\d{1,5}[a-z]? (?:[a-z]+ ){1,2}(?:street|road|avenue|lane|drive|crescent|boulevard|terrace)\b", re.ASCII
)
GERMAN_ADDRESS = re.compile(
    r"(?<!\w)[A-ZÄÖÜ][\wäöüß.-]*(?:straße|strasse|str\.|weg|platz|allee|gasse|damm|"
    r"ufer) ?\d{1,4} ?[a-z]?(?!\w)(?:, ?\d{5} [A-ZÄÖÜ][\wäöüß-]+)?"
)
BOX = re.compile(r"\bP\.? ?O\.? ?Box \d{1,7}(?:,(?: [A-Z][\w'-]+){1,3})?(?:,? [A-Z]{2} \d{5})?", re.I)
UK_POSTCODE = re.compile(r"(?<![\w-])[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2}(?![\w-])")
POSTCODE_SAID = re.compile(
    r"\b(?:post ?code|zip(?: code)?)(?: is)?[\s:]{1,3}(?P<value>[A-Z]{0,2}\d[\dA-Z]{2,4}(?:[ -]\d?[A-Z\d]{2,4})?)\b",
    re.I,
)
CN_ADDRESS = re.compile(
    r"(?:(?:[\u4e00-\u9fff]{2,8}?(?:省|自治区))?(?:[\u4e00-\u9fff]{2,6}?市)?(?:[\u4e00-\u9fff]{2,6}?(?:区|县|市))?"
    r"(?:[\u4e00-\u9fff]{1,6}?(?:镇|乡|街道))?)"
    r"(?:[\u4e00-\u9fffA-Za-z0-9]{1,10}?(?:路|街|大道|巷|弄|胡同|道|村|大街))\s?[0-9０-９一二三四五六七八九十百]{1,6}(?:-\d+)?\s?(?:号院|号楼|号|弄)"
    r"(?:[\u4e00-\u9fffA-Za-z0-9]{0,12}?\d{1,4}(?:号楼|栋|幢|座|楼|层|单元|室))*"
)
CN_BUILDING = re.compile(
    r"[\u4e00-\u9fff]{2,12}?(?:小区|花园|公寓|大厦|家园|新村|苑|广场)\s?[A-Za-z]?\d{1,4}(?:号楼|栋|幢|座|"
    r"号)(?:\s?\d{1,3}单元)?(?:\s?\d{2,5}(?:室|号)?)?"
)
CN_ADDRESS_HEAD = re.compile(
    r"^(?:请|把|将|送到|寄到|发到|改成|改为|改到|我的?|地址|家|住在|住址|住|收货|是|在|为|到|和|退到|邮寄|快递)+"
)

_FULL = r"[A-ZÀ-Þ][a-zÀ-ÿ'’-]+(?: [A-Z]\.)?(?: (?:van|de|der|von|la|den|al))*(?: [A-ZÀ-Þ][\wÀ-ÿ'’-]*[a-zÀ-ÿ]){0,2}"
NAME_SAID = re.compile(
    r"(?i:\b(?:(?:my|the|his|her|customer|full|account|cardholder|contact|billing|"
    r"recipient)(?:'s)? (?:full |last |first |sur)?name(?: is|:|'s)?|"
    r"name[ds]?(?: is)?:|name on (?:the|my) (?:order|account|card) is|i am called|called me|signed,?|"
    r"attention:?|attn:?|c/o|care of|"
    rf"recipient:|customer:|under the name(?: of)?|in the name of))\s+(?P<value>{_FULL})"
)
NAME_TYPED = re.compile(
    r"\b(?i:my (?:full |last |first )?name(?:'s|’s| is)|i am called) (?P<value>"
    r"(?!(?:wrong|mis\w+|incorrect|not|on|in|still|different|spel\w+|missing|too|the|a|an|already|listed|"
    r"show\w*|correct|"
    r"changed|now|no|very|long|short|also|used|being|at|under)\b)[a-z'’-]{2,20}"
    r"(?: (?!(?:and|but|i|im|from|on|in|the|with|can|my|not|at|or|so|it|is|was|for|to|order|please|pls|"
    r"thanks|where|who|"
    r"you|we|you|if|as|of|by|a|an|that|this|what|when|have|has|had)\b)[a-z'’-]{2,20})?)(?![\w'’-])"
)
NAME_TITLED = re.compile(rf"(?<!\w)(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Herr|Frau|Sir|Madam)\.? (?P<value>{_FULL})")
NAME_SPEAKING = re.compile(
    r"(?:\b[Tt]his is|\b[Ii]t's|\b[Ii]t is|\b[Ii]'?m|\bI am|"
    r"\b[Hh]ere is) (?P<value>[A-ZÀ-Þ][a-zÀ-ÿ'’-]+ [A-ZÀ-Þ][\wÀ-ÿ'’-]*[a-zÀ-ÿ])(?! (?:[Ll]amp|[Dd]esk|[Cc]hair))"
)
NAME_CALLING = re.compile(rf"\b[Tt]his is (?P<value>{_FULL}) (?:speaking|calling|writing|here|from)\b")
NAME_SIGNED = re.compile(
    r"(?:^|\n|[.!?,] ?)\s*(?:(?:[Kk]ind|[Bb]est|[Ww]arm|[Mm]any)? ?(?:[Rr]egards|[Ww]ishes|[Tt]hanks)|"
    r"[Yy]ours (?:sincerely|faithfully|truly)|[Ss]incerely|[Cc]heers)"
    rf",\s*(?P<value>{_FULL})\s*(?:$|\n|\.|,)"
)
NAME_GREETED = re.compile(r"(?:^|\n)(?:Dear|Hi|Hello) (?P<value>[A-ZÀ-Þ][a-zÀ-ÿ'’-]+ [A-ZÀ-Þ][\wÀ-ÿ'’-]*[a-zÀ-ÿ]),")
NO_NAMES = frozenset(
    [
        "Customer",
        "Service",
        "Support",
        "Team",
        "Sir",
        "Madam",
        "Order",
        "Lamp",
        "Desk",
        "Chair",
        "Table",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
        "Looking",
        "Writing",
        "Trying",
        "Having",
        "Going",
        "Still",
        "Not",
        "The",
        "Your",
        "Our",
        "Here",
        "Happy",
        "Sorry",
        "Interested",
        "British",
        "English",
        "Chinese",
        "German",
        "French",
        "Returns",
        "Department",
        "Brindlemoor",
    ]
)
_SURNAMES = (
    "欧阳|司马|上官|诸葛|东方|皇甫|慕容|[赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章苏潘葛范彭郎鲁韦昌马苗凤花方俞任袁柳唐罗薛"
    "雷贺倪汤滕殷毕郝安常乐于傅齐康伍余顾孟黄穆萧尹姚邵汪祁毛贝明计成戴宋庞熊纪舒项祝董梁杜阮蓝闵季贾江颜郭梅林钟徐邱骆高夏蔡田樊胡凌霍虞万卢莫房解应宗丁宣邓"
    "单洪包左石崔龚程陆叶黎白温廖易覃武刘龙曾关肖侯文向段辛]"
)
CHINESE_NAME = re.compile(rf"(?:{_SURNAMES})[\u4e00-\u9fff]{{1,2}}")
"""A line that is a name and nothing else; within a text it would be many words."""
CN_SAID = re.compile(
    rf"(?:我叫|我的名字(?:是|叫)|名字(?:是|叫)|姓名[:：是为]?\s?|收件人[:：是为]?\s?|收货人[:：是为]?\s?|联系人[:：是为]?\s?|户名[:：是为]?\s?|"
    rf"持卡人[:：是为]?\s?|本人|署名[:：]?|我是|这里是|收款人[:：是为]?\s?)"
    rf"(?P<value>(?:{_SURNAMES})[\u4e00-\u9fff]{{1,2}})(?=[，。,.！!；;、\s]|$|的|电话|手机|身份证|住|在|，)"
)
CN_TITLED = re.compile(rf"(?P<value>(?:{_SURNAMES})[\u4e00-\u9fff]{{0,2}}?)(?=先生|女士|小姐|太太|老师|经理(?!部))")
NO_CN_NAMES = re.compile(
    r"高级|于是|应该|任何|解决|安全|常见|成为|明天|方便|金额|马上|万一|向导|文件|单独|包装|白色|计划|江苏|华为|关于|易碎|何时|温度|来自|安装"
)

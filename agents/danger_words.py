"""Three dangers that a customer reports: gas that is smelt, an animal that bit, a thing of ours that burns on somebody.

    text in lower case, NFKC, simplified signs -> DANGER

Kept narrow: who smells, whom an animal bit, and what burns must be said, for a "64 bit" edition, a perfume that smells
like gas and legs that burn after a class are no danger, and "if I smell gas" asks what to do one day.
"""

import re

_NOT_SUPPOSED = (
    r"(?<!\bif )(?<!whether )(?<!when )(?<!unless )(?<!can )(?<!could )(?<!should )(?<!would )(?<!will )(?<!do )"
    r"(?<!did )"
)
"""A clause that supposes or asks is no report."""

_GAS = r"(?:natural )?gas\b(?! (?:station|pump|mask|lamp|lantern|detector)s?\b)"
_VERY = r"(?:really |very |so |a bit |a lot |slightly |strongly |still |now )*"
_PLACE = (
    r"(?:kitchen|house|home|flat|apartment|room|bathroom|cellar|basement|hallway|stairwell|caravan|tent|boat|boiler|stove"
    r"|cooker|oven|heater)"
)
_ENGLISH_GAS = (
    rf"{_NOT_SUPPOSED}\b(?:i|we) (?:can |could |just |still |now )*smel(?:l|led|t) "
    rf"(?:a |some |the |strong |lot |of )*{_GAS}"
    rf"|\b(?:it|everything|(?:my|our|the|your) (?:\w+ )?{_PLACE}) {_VERY}(?:smells|smelt|stinks|reeks) {_VERY}"
    rf"(?:of|like) {_GAS}"
    r"|\b(?:there is|there's|i have|we have) an? (?:\w+ )?(?:gas smell|smell of gas)\b"
    r"|^(?:strong )?smells? of gas (?:in|at|near|here)\b"
    r"|\bgas (?:(?:bottle|hose|pipe|tank|cylinder|meter) )?(?:is|keeps) (?:leaking|escaping|hissing)\b"
    r"|\bis leaking gas\b"
)
_CHINESE_GAS = (
    r"(?<!没)(?<!没有)(?<!如果)(?<!要是)(?<!万一)(?:闻到|有股|一股)(?:了|很|浓|好|大|强烈|重|点|些|股|一|的){0,6}"
    r"(?:煤气|燃气|天然气|瓦斯)的?味(?!道?的)|(?:煤气|燃气|天然气|瓦斯)味道?(?:很|好|太|非常|特别)(?:浓|重|大)"
    r"|(?:家里|屋里|厨房里?|房间里?)(?:有|全是|都是)(?:很|浓|股|一|的){0,4}(?:煤气|燃气|天然气|瓦斯)的?味"
    r"|(?<!如果)(?<!要是)(?<!万一)(?:煤气|燃气|天然气|瓦斯)[罐瓶管]?(?:泄[漏露]了|漏了|漏气了)"
)

_ANIMAL = r"(?:dog|cat|snake|viper|adder|wasp|hornet|rat|horse|pony|donkey|monkey|spider|bed ?bug)s?"
_KIN = (
    r"(?:son|daughter|child|children|kids?|boy|girl|baby|toddler|wife|husband|partner|mother|father|mum|mom|dad|friend"
    r"|colleague|grandson|granddaughter)"
)
_BITTEN = (
    rf"(?:^|(?<=[.?!,:] )|(?<=and ))(?:your|an?|the|one of your) (?:\w+ )?{_ANIMAL} (?:just |has |have )*"
    rf"(?:bit|bitten|stung) (?:me|us|him|her|them|(?:my|our|his|her) (?:[\w-]+ ){{0,2}}{_KIN})\b"
    r"(?! \w*(?:toy|lead|leash|collar|bed|ball|bone|shoe))"
    rf"|{_NOT_SUPPOSED}\b(?:i|we|he|she|(?:my|our) (?:[\w-]+ ){{0,2}}{_KIN}) (?:was|were|got|has been|have been) "
    rf"(?:just |badly )*(?:bitten|stung)(?: \w+){{0,3}} by (?:an?|the|your|one of your|some)? ?(?:\w+ )?{_ANIMAL}\b"
    r"|(?:[我他她]们?|孩子|小孩|宝宝|儿子|女儿|老婆|老公|妻子|丈夫|妈妈?|爸爸?|朋友|老人)(?:刚才|刚刚|今天|昨天)?被"
    r"[^，。！？,.!?把]{0,12}?(?:(?<![搜天热])[狗猫蛇鼠猴]|蜂)给?(?:咬|蜇|蛰|叮|抓)(?:了|伤|到)"
    r"|(?<![搜天热])[狗猫](?:(?:咬|抓)(?:了|伤了?)(?:我|孩子|儿子|女儿)(?![的家])|把(?:我|孩子|儿子|女儿)(?:咬|抓))"
)

_BURNS = (
    rf"{_NOT_SUPPOSED}\b(?:my|our|his|her) (?:[\w']+ ){{0,2}}(?:eyes?|face|skin|lips?|scalp|throat)"
    r"(?: (?:am|is|are|was|were|have|has|been|started|began|to|still|now|really|very|so|badly|all|both|and|red"
    r"|itchy)){0,5}"
    r" (?:burn(?:s|t|ed|ing)?|sting(?:s|ing)?|swollen)\b[^.?!,]{0,20} (?:since|after|from)\b[^.?!,]{0,24}"
    r"\b(?:your|us(?:ing|ed))\b"
    r"|\b(?:since|after) (?:i |we |he |she )?us(?:ing|ed) (?:your|the|this)\b[^.?!]{0,30}\b(?:my|our|his|her) (?:\w+ )?"
    r"(?:eyes?|face|skin|lips?|scalp|throat)(?: is| are| was)? (?:burns?|burning|stings?|swollen)\b"
)

DANGER = re.compile("|".join(f"(?:{pattern})" for pattern in (_ENGLISH_GAS, _CHINESE_GAS, _BITTEN, _BURNS)))

"""The wordings that call for a person, in English and Chinese; read by `agents.handover` alone.

    text in lower case, NFKC, simplified signs -> ASKED | CALL_BACK | SAFETY | LEGAL | ANGER

Each is one pattern made of short ones. Misspellings that are common are spelt out; none is guessed.
"""

import re


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


_PERSON = (
    r"(?:(?:real|actual|live|human|proper|breathing|living|some|any|an?|the|another|your|customer|service|support|"
    r"sales|help|relay|different|flesh and blood)[ -]?)*"
    r"(?:person|persn|peron|pers[ou]n|human(?: being)?|humn|huamn|agent|agnet|representative|representitive|rep|"
    r"operator|oprator|advis[eo]r|assistant manager|manager|supervisor|(?<=your )(?:boss|owner|director)(?! of)|"
    r"colleague|employee|staff(?: member)?|"
    r"member of staff|team member|someone|somebody|somone|sombody|some one|real people|people|human support|"
    r"customer (?:service|care|support)|support team|call cent(?:re|er)|service desk|help ?desk|reception)"
)
_TALK = (
    r"(?:talk|talkin|tlak|speak|speek|spek|chat|get|be put|put me|connect(?: me)?|conect me|transfer me|"
    r"be transferred|"
    r"trasfer me|escalate(?: this| it| me)?|hand me(?: over)?|pass me(?: on| over)?|forward me|switch me|"
    r"reach|contact|"
    r"deal|be connected|be transferred|a word|a chat)"
)

ASKED = _any(
    # English: to talk to a person
    rf"\b{_TALK} (?:through |over |directly |right now |now )*(?:to|with|wth|onto|through to|"
    rf"in touch with) {_PERSON}\b",
    r"\b(?:give|get|find|fetch|send|bring|call|pass me|i want|i need|i'd like|i would like|want|need|let me have|"
    r"can i (?:please )?have|could i (?:please )?have|may i have) (?:me |us |to see |to reach |to have )*"
    r"(?:(?:a|an|the|your|some) )?(?:(?:real|actual|live|human|proper|living) )+"
    r"(?:person|persn|human|humn|being|agent|agnet|rep|representative|operator|adviser|advisor|people|support|help|"
    r"assistance|contact|customer service)\b",
    r"\b(?:give|get|fetch|bring|pass) me (?:(?:a|an|the|your|some) )?"
    r"(?:(?:customer|service|support|sales) )*"
    r"(?:person|human|humn|agent|agnet|rep|representative|operator|manager|supervisor|someone|somebody)\b",
    r"\b(?:i )?(?:want|need|demand|require|insist on) (?:an? |the |your |some )?"
    r"(?:human|person|persn|agent|agnet|operator|manager|supervisor|someone real|someone (?:to|"
    r"who can) (?:help|call))\b(?! for)",
    r"\b(?:is|are) there (?:an? |any |some )?(?:real |actual |live |human )*"
    r"(?:person|human|people|humans|agent|someone|somebody|anyone|anybody)(?: real)? "
    r"(?:there|here|i (?:can|could) (?:talk|speak|chat)|to (?:talk|speak|chat)|around|available)",
    r"\b(?:can|could|may|let|would|want|like|rather|prefer|need)\b[^.?!]{0,25}\b"
    r"(?:talk|speak|speek|chat) (?:to|with) (?:someone|somebody|anyone|anybody|one of you)\b",
    r"\b(?:someone|somebody|a (?:real )?person|a human|an agent|a manager) (?:please )?(?:to )?"
    r"(?:call|ring|phone|contact) me(?: back)?\b",
    r"\b(?:can|could|will|would) (?:someone|somebody|one of you|anyone)\b[^.?!]{0,30}\b(?:call|ring|phone|"
    r"contact|help) "
    r"(?:me|us)\b",
    r"\b(?:(?:not|no|no more|stop with the|enough of|sick of|tired of|hate|don't want|dont want)(?: to)?"
    r"(?: talk| chat| speak| deal| (?:talking|chatting|speaking|dealing))?(?: to| with)?(?: a| an| the|"
    r" your| some| these| this| stupid)*|"
    r"not (?:with|to|from|by) (?:a|an|some|your)) (?:stupid |dumb )?"
    r"(?:bots?|robots?|chat ?bots?|machines?|computers?|a\.?i\.?|automated)\b",
    r"\b(?:bots?|robots?|chat ?bots?|machines?|computers?)\b[^.?!]{0,30}\b(?:real person|human|people)\b",
    r"^(?:(?:please|pls|plz|just|hello|hi|hey|agent|human|a|an|the|real|live|person|operator|representative|"
    r"supervisor|manager|now|speak|talk|to)[ ,.!]*)*"
    r"(?:human|(?:real |live )?person|someone|(?:real|live) (?:agent|human|support)|operator|"
    r"representative|agent|supervisor|manager)"
    r"(?:[ ,.!]*(?:please|pls|plz|now|thanks|human|agent))*[ .!?]*$",
    r"\bhuman (?:agent|help|support|assistance|being|please|pls|customer service)\b(?! error)",
    r"\btake me (?:off|away from) (?:this )?(?:bot|chat ?bot)\b",
    r"\b(?:escalate|raise) (?:this|it|my (?:case|issue|complaint|problem))\b",
    r"\blive (?:chat|agent|support) (?:please|pls|now)\b",
    r"\b(?:could|can|would|will|let|have|want|need) (?:a|an|another|some) (?:real |human )?"
    r"(?:person|human|humn|manager|colleague|agent|employee|human being) (?:please |to |just )*"
    r"(?:look|read|check|answer|help me|take|call|deal|handle|review|reply|respond|write)\b",
    r"\b(?:anybody|anyone|somebody|someone) (?:real|human|alive)\b",
    # Who complains, not who asks what happens to a complaint.
    r"(?:^|(?<=[.!?;] ))(?:(?:hi|hello|hey|ok|so|well|sorry|please|now|yes|no)(?: there)?[ ,!]+)*"
    r"i(?:'d like|'m going| (?:want|wanna|would like|wish|need|am going))(?: to)? (?:complain|"
    r"(?:make|file|lodge|raise|register|submit|put in) (?:a|an|another) (?:\w+ )?complaint)\b(?![^.!?]*\?)",
    r"\b(?:number|name|address) of (?:a|an|some) (?:real |actual |human )+(?:person|human|being|agent)\b",
    # Chinese: to be put through to a person
    r"(?:人工){2,}",
    r"(?:转|找|要|换|接|联系|呼叫|请|叫|给我|帮我|我想|需要|来个|来一个|有没有|有)[^，。！？,.!?]{0,6}"
    r"(?:人工(?!智能|费|成本|安装|搬运|合成|皮|革|草|培育|制作)|真人|活人|真的人|真正的人|客服人员|客服专员|人类(?=客服|服务|来|帮|\W|$)|客服经理|"
    r"值班经理)",
    r"(?:转|转接|接)(?:到|给|至)?(?:你们的?|一下|个)?(?:客服|坐席|专员|主管|经理)",
    r"^转?人工(?:服务|客服|坐席)?(?:吧|啊|呢|谢谢|快点|快|！|!|。|\.| )*$",
    r"人工(?:客服|服务|坐席)(?:在吗|在哪|呢|快|啊|！|!|有吗|在不在|在么)",
    r"(?:和|跟|同|与|找|让|叫|请(?!问))[^，。！？,.!?]{0,4}(?:真人|活人|人|客服|经理|主管|负责人|领导|店长|老板)"
    r"(?:来)?(?:说话|说|聊|谈|讲|沟通|对话|通话|处理|解决|联系我|给我(?:打|回)个?电话|打电话给我|出来)",
    r"(?:不要|不想|别|不跟|不和)[^，。！？,.!?]{0,6}(?:机器人|ai|自动回复|人工智能)",
    r"(?:你|您)(?:这|那)?(?:个)?(?:是|就是)?(?:机器人|ai)?[^，。！？]{0,6}(?:我要|给我|换)(?:找)?(?:人|真人|人工)",
    r"(?:我要|我想|我得|让我)(?:找|见|联系)(?:你们?)?(?:的)?(?:经理|主管|负责人|领导|店长|老板|客服)",
    r"(?:^|(?<=[。！!.]))\s?(?:(?:您好|你好)[,!。\s]*)?(?:我要|我想|我得)投诉(?!电话|渠道|的|流程)"
    r"(?![^。!]*(?:\?|谁|怎|哪|几|多久|吗|如何))",
    r"^\W*(?:找|叫|喊|联系|呼叫)(?:一下)?(?:你们的?)?(?:客服|店长|经理|主管|老板|负责人|领导)"
    r"(?:出?来|过来|说话)?\W*$",
    r"(?:找|叫|换)(?:个|一个|一位)?(?:能|会|懂)[^，。！？]{0,8}的?人",
)

CALL_BACK = _any(
    # To be called by telephone: a person's work too, unless there is a tool that books it.
    r"(?:给我|帮我)(?:回|打)(?:一?个|一下)?电话|(?:打|回)(?:一?个)?电话给我|(?:预约|安排)(?:一?个|一次)?(?:回电|电话回访)",
    r"\b(?:please |can you |could you |i want you to |i would like you to )?(?:call|ring|phone) me back\b",
)

NOT_ASKED = _any(
    # What another person does, or where people stand, asks for nobody.
    r"\bcontact (?:details|number|form|address|information|page|person for deliver\w*)\b",
    r"\b(?:someone|somebody|anyone) else\b",
    r"\b(?:travel|estate|letting|shipping|delivery|customs|cleaning|travel insurance) agents?\b",
    r"\b(?:artificial intelligence|human error|human resources)\b",
    r"(?:不用|不需要|无需|不必)(?:转|找)?人工",
    r"\b(?:don't|do not|no need to|without having to|without) (?:need|want|have|having|talk|talking|speak|speaking)"
    r"(?: to)?(?: talk| speak| talking| speaking)?(?: to| with)? (?:an? |any |the )?"
    r"(?:(?:real|live|human) )*(?:person|human|agent|operator|representative)\b",
    r"\b(?:do|does|must|should|will) (?:i|we|you|one|it) (?:have to|need to|have|need)? ?(?:talk|speak|chat|contact)"
    r"(?: to| with)? (?:an? |any |the |some)?(?:real |live )*(?:person|human|agent|representative|someone|"
    r"anyone|somebody)\b",
    r"\b(?:do|does|must|should) (?:i|we|you|one) (?:\w+ to )?(?:talk|speak|chat) (?:to|with) your "
    r"(?:boss|owner|director)\b",
    r"\b(?:are|r) (?:you|u) (?:a |an |really )?(?:real |actual )?(?:human(?: being)?|person|bot|robot|"
    r"computer|machine)[^.!]*",
    r"\b(?:he|she|it|they) (?:is|are|was) (?:an? )?(?:\w+ )?human being\b",
    r"\b(?:who|which|what) (?:agent|person|representative)\b",
)

_HOTLINE = (
    r"(?<![a-z0-9.,#-])(?:12315|12345|315)"
    r"(?![a-z0-9]|[.,-]\d|\s?(?:元|块|天|件|个|号|米|厘米|毫米|克|公斤|瓦|欧元|美元))"
)
"""China's numbers to complain at. An order's number, a price or a telephone number may hold the same digits, so words
beside them must say what they are."""
_CALLED = r"(?:打|拨|找|向|上|去|告|报|投诉|举报|联系|反映|打给|就|等着|小心)"
_OF_A_HOTLINE = r"(?:热线|投诉|举报|平台|市民|消费者|维权|晚会|曝光|见|来|管|处理|电话|不会)"

_FOR_GOOD = r"(?=$|[.!?,;]| (?:any ?more|any longer|like this|and|but)\b)"
"""Behind a wish not to live: nothing that says where or how, "don't want to live on the ground floor"."""
_HURT = r"(?:injur(?:y|ed|ies)|hurt|burn(?:ed|t|s)?|cut|bleeding|scalded|poison(?:ed|ing)|chok(?:ed|ing)|unconscious)"
_US = (
    r"(?:i|we|he|she|me|us|my|our|myself|someone|somebody|child|kid|son|daughter|baby|wife|husband|dog|cat|"
    r"finger|hand)"
)

_FELL = (
    r"(?:i|we|he|she|someone|somebody|(?:my|our|his|her|a|the) (?:little |old |elderly )?(?:child|kid|boy|girl|son|"
    r"daughter|baby|toddler|wife|husband|partner|mother|father|mum|mom|dad|grandmother|grandfather)) "
    r"(?:just |have |has )*(?:fell|fallen|slipped|tripped)(?: and fell)? (?:down|off|on|from|over) "
    r"(?:the|your|a|an|some) (?:\w+ )?(?:stairs?|staircase|steps?|floor|ice|ladder|doorstep|"
    r"pavement|escalator|balcony|roof|ramp|kerb)\b(?! \d)"
)
"""A person on something that people walk or climb on: lamps fall off tables, parcels off vans."""
_BROKE = (
    r"(?:(?:broke|broken|fractured|sprained|dislocated) (?:his|her|my|their) (?:left |right |little )?(?:arm|leg|wrist|"
    r"ankle|finger|thumb|nose|hip|foot|toe|elbow|shoulder|collarbone|jaw|rib|knee|neck)s?"
    r"|twisted (?:his|her|my|their) (?:left |right )?(?:ankle|knee|wrist))\b"
    r"(?! ?(?:of|rest|stool|piece|ring|strap)s?\b)"
)
_UNSUPPOSED = (
    r"(?:^|(?<=[.?!] ))(?:(?!\b(?:if|in case|whether|unless|suppose|who|which|are you|"
    r"when some(?:one|body)|(?:can|could|may|must|should|do|would) (?:i|we))\b)"
    r"[^.?!])*?\b"
)
"""The beginning of a sentence that supposes nothing: "Can I cancel if I have broken my leg?" is no report."""

_BECOMES = (
    r"(?:(?:am|is|are|was|were|be|been|fell|fallen|feel|feels|felt|feeling|get|got|gets|getting|became|become|taken|'m|'s"
    r"|'re|made (?:me|us|him|her|them|my \w+)) (?:(?:now|very|so|really|quite|all|both|badly) ){0,2})"
)
_SICK = (
    r"(?:(?:sick(?! (?:of|leave)\b)|unwell|vomit\w*|throwing up|threw up|stomach (?:ache|cramps?|pains?))\b"
    rf"|{_BECOMES}ill\b)"
)
_SICK_OF_FOOD = (
    r"(?:^|(?<=[.?!] ))(?!(?:(?:hi|hello|hey)\b\W*)?(?:do|does|has any(?:one|body)|have any)\b)"
    rf"(?![^.?!]*\b(?:(?:not (?:at all )?|(?:for|against|when you feel|often|always|usually|gets?) (?:an? )?){_SICK}"
    r"|gets? ill\b)(?![^.?!]*\byours?\b(?! and)))"
    r"(?![^.?!]*food poisoning (?:from|at|in) (?:another|somewhere|elsewhere|a different)\b)"
    rf"{_UNSUPPOSED}(?:(?<!n't )(?<!not )(?<!never )(?:ate|eaten|drank|drunk)\b[^.?!]{{0,60}}\b{_SICK}"
    rf"|{_SICK}[^.?!]{{0,20}}\b(?:(?:after|from|since) (?:(?:i|we|he|she|they) |(?:the|that|this|our|my|a) (?:\w+ )?)?"
    r"(?:eat|eating|ate|drinking|drank|food|meal|(?:dinner|lunch|breakfast|brunch|supper) (?:at|in|from|with)"
    r" you(?:rs?)?)|(?:after|from) your"
    r"(?! (?:\w+ )?(?:e-?mails?|mails?|messages?|calls?|letters?|repl(?:y|ies)|answers?|visits?)\b))\b"
    r"|(?:got|have|has|had|gave \w+|with) food poisoning)"
)
"""Nobody is "ill" in "ill come back", nor is a meal at fault where lunch only says when it was."""

_SKIN = (
    r"(?:(?:skin )?(?:rash(?:es)?(?! of (?:(?:e-?)?mails?|spam|messages)\b)|hives|blisters?|welts|eczema)"
    r"(?! (?:cream|guard|vest|pack|plaster)s?\b))"
)
_PEOPLE = (
    r"(?:child(?:ren)?|kids?|boys?|girls?|sons?|daughters?|baby|babies|toddlers?|wife|husband|partner|mother|father|mum"
    r"|mom|dad|parents|brothers?|sisters?|(?:girl|boy)?friends?|nieces?|nephews?|aunts?|uncles?|cousins?|guests?|family"
    r"|grand(?:mother|father|ma|pa|son|daughter|parent|child|children)s?|(?:colleague|co-?worker|tenant|customer|student)s?"
    r"|class|(?:\d+[- ])?years?[- ]olds?(?= (?:sick|ill|vomit|throw))|dogs?|cats?)"
)
_BODY = (
    r"(?:face|skin|lips?|eyes?|mouth|tongue|throat|neck|hands?|arms?|legs?|feet|fingers?|head|stomach|back"
    r"|body)"
)
_THEM = (
    r"(?:me|us|him|her|them|someone|somebody"
    rf"|(?:both |two |three |all )?(?:(?:my|our|his|her|the) (?:[\w-]+ ){{0,4}}|(?:\w+ )?){_PEOPLE}(?:'s? {_BODY})?"
    rf"|(?:my|his|her) (?:left |right |whole )?{_BODY})"
)
"""Somebody, and no table top, which swells as well."""
_NOBODY = r"(?:plants?|flowers?|roses?|trees?|lawn|garden|fish|phone|printer|laptop|computer) "
_ANYBODY = rf"(?:my|our|his|her|both|two|three) (?:(?!look|{_NOBODY}(?:ill|sick|dizzy)\b)[\w'-]+ ){{1,4}}"
"""Whoever it is: a table top swells and blisters, and is neither sick nor has it a rash."""
_OUTRAGE = r"(?:sick (?:how|that (?:you|they|this|it)|when (?:you|i (?:see|think))|to (?:see|hear|think|read|know)))\b"
_GOT = r"(?:got|have|has|had|developed|came out in|broke out in) (?:an? )?(?:\w+ ){0,2}"
_WEATHER = (
    r"(?:\w+ )?(?:sun|sunshine|heat|cold|wind|weather|winter|summer|spring|hike|walk|march|run|marathon|gym|match"
    r"|auction)\b"
)
_CAUSED = (
    rf"{_UNSUPPOSED}(?:(?:your|the|this|that|these|those|it|they|which)\b"
    r"(?:(?!\b(?:prices?|costs?|bills?|fees?|invoices?|quotes?)\b)[^.?!]){0,40}\b"
    rf"(?:(?:made|makes|making) {_THEM} (?:\w+ ){{0,2}}"
    rf"(?:(?!{_OUTRAGE}){_SICK}|ill|nauseous|dizzy|faint|throw up|choke|itch\w*|(?<!them )swell)"
    rf"|(?:made|makes|making) {_ANYBODY}(?:(?!{_OUTRAGE}){_SICK}|ill(?![ -]fitting)|nauseous|dizzy|itch\w*)"
    rf"|(?:gave|gives|giving|given|caused|causes) {_ANYBODY}(?:an? )?(?:\w+ )?(?!blisters?\b){_SKIN}"
    rf"|(?:gave|gives|giving|given|caused|causes) {_THEM} (?:an? )?(?:\w+ ){{0,2}}{_SKIN})"
    rf"|(?:(?:i|we|he|she|(?:my|our|his|her|the) (?:[\w-]+ ){{0,4}}{_PEOPLE})(?:'ve|'s)? (?:\w+ ){{0,2}}{_GOT}{_SKIN}"
    rf"|{_ANYBODY}{_GOT}(?!blisters?\b){_SKIN})"
    r" (?:(?:from|after|since|because of|off|thanks to) (?:your|using|wearing|sitting|sleeping|lying)"
    rf"|(?:from|after|because of|off|thanks to) (?:the|this|that) (?!{_WEATHER})"
    r"(?:(?=[^.?!]{0,60}\b(?:you (?:sold|sent|gave|made|served|delivered|recommended)|in your)\b)|(?![^.?!]{0,80}"
    r"\b(?:which (?!doctor)\w+ (?:is|do|can|should|would|helps?)|do you (?:sell|recommend))\b))\w+))\b"
)
"""What a thing of the company did to somebody, without a word for the harm that is always one."""

_HIM = (
    "(?:我们?|咱们?|[他她]们?|孩子们?|小孩|宝宝|儿子|女儿|老婆|老公|妻子|丈夫|[爸妈]|[父母]亲|家人|全家|[哥弟姐妹]|爷爷|奶奶"
    "|外[婆公]|姥[姥爷]|岳[父母]|侄[子女儿]?|阿姨|叔叔|老人|客人|顾客|学生|同学|邻居|员工|婆婆|公公|孙[子女]"
    "|同事|[男女]?朋友|[男女]友)"
)
_LIMB = (
    "(?:头|脸|手(?:指头?|[臂腕掌])?|脚(?:趾头?|[踝跟掌])?|腿|腰|背|肩|胳膊|膝盖|牙|眼|额|下巴|脖子)"
    "(?![柄机表工把盔包带盆架提镜灯链垫具环心踏推电像影镯办套绘])"
)
"""A part of somebody, and no 手机 or 头盔."""
_WOUNDED = f"(?:(?:摔|撞|砸|夹|咬|刺)伤|摔断了?[左右]?{_LIMB}|{_LIMB}摔断)(?!了?[一这那两几]|的|保?险|[药膏])"
_WHEN = "(?:昨天|昨晚|今天|前天|上周|早上|晚上|刚刚?才?|突然|意外|不小心|不慎|都|也|就|又){0,3}"
_WHERE = "[在从让坐玩穿骑走踩下爬](?:你们的?)?[^，。！？,.!?防的把]{0,10}?"
_THERE = "(?:[在从][^，。！？,.!?防的把买]{1,8}[上里下中内口前])?"
_SLIPPED = "[摔滑绊跌](?:倒|了?一?跤)了?[，,]?"
_OWN_HAND = f"(?:{_HIM}{_WHEN}{_THERE}(?:{_SLIPPED})?|(?<![子杯壶箱碗锅])(?<!(?<![上下骑坐])车){_SLIPPED})把手摔断"
"""Somebody's hand: the handle of a cup is a 把手 too."""
_FELL_HERE = (
    "(?:(?:(?:摔|撞|砸|夹|扭|拉)伤|[摔滑绊]倒|扭到)(?!了?[一这那两几]|的|[检监]测|识别|报警|保?险|[药膏])"
    f"|摔断了?[左右]?{_LIMB})"
)
_ON_OUR_GROUND = (
    f"(?:[在到从去来被让穿用坐骑](?:你们|贵店|贵司)的?|(?:店里|店内|门口|大堂|课上|上课)(?:的时候)?)"
    f"[^，。！？,.!?防的把买卖治持测]{{0,12}}{_FELL_HERE}"
)
_WORE = "[^，。！？,.!?坐穿脚戴睡躺]{0,8}?"
"""Between somebody and "不舒服": no chair and no shoe, on which one sits or walks badly."""
_FOOD = "(?:[吃喝饭汤肉鱼奶食味]|菜(?!单)|餐(?![桌椅])|海鲜|茶(?![几具杯壶])|酒(?!店)|蛋糕|甲醛|油漆)"
_MAKES = "(?:让|害得?|弄得|搞得)"
_HERE, _RASH = "(?:你们|这[个款件张])", "[起长出]了?[^，。！？,.!?]{0,4}疹"
_ILL = "(?:拉肚子|腹泻|呕吐|上吐下泻|肚子[疼痛])"

SAFETY = _any(
    r"\b(?:got|get|gets|getting|received|gave|gives|giving|had|have) (?:me |us |my \w+ |him |her )?"
    r"(?:an? )?(?:\w+ )?(?:electric(?:al)?|eletric|electic) ?(?:shocks?|shok)\b(?! (?:resist|protect|warning))",
    r"\b(?:was|were|been|got|get|nearly|almost) (?:\w+ )?(?:electrocuted|electricuted|zapped|"
    r"shocked by (?:the|it|my|your))",
    r"\bshocked (?:me|my|us) when\b|\b(?:lamp|it|plug|cable|light|heater) (?:just )?(?:shocked|"
    r"zapped) (?:me|my|us)\b",
    r"\b(?:caught|catches|catching|is on|was on|went on|set|started an?|burst into|"
    r"went up in) (?:\w+ )?(?:fire|flames?)\b"
    r"(?! (?:alarm|sale|side|place|safety))",
    r"\b(?:smok(?:e|ing)|sparks?|sparking|flames?|burning smell|smell of burning|smells? (?:of|"
    r"like) burning)\b[^.?!]{0,40}"
    r"\b(?:com(?:es?|ing|ing out)|from|out of|when i|plug|lamp|socket|cable|it|battery)\b",
    r"\b(?:lamp|plug|socket|cable|battery|charger|it|heater|light|product|bulb|adapter)\b[^.?!]{0,24}"
    r"\b(?:is |was |started |keeps? |began )?(?:smoking|sparking|exploded|melt(?:ed|ing)|blew up|burst|on fire)\b",
    r"\bsmell(?:s|ed|ing)? (?:strongly |badly |a bit )?(?:of|like) (?:burning|burnt|smoke|melting)\b",
    r"\b(?:exploded|exploaded|blew up|melted)\b[^.?!]{0,30}\b(?:hand|face|house|room|kitchen|plugged|charging)\b",
    rf"\b{_US}\b[^.?!]{{0,30}}\b(?:was|were|got|is|are|been|has been|badly|have been) (?:\w+ )?{_HURT}\b",
    rf"{_UNSUPPOSED}(?:{_FELL}|{_BROKE})",
    rf"\b{_HURT} (?:me|myself|himself|herself|my|our|his|her)\b(?! feelings)",
    r"\b(?:hospital|ambulance|emergency room|a&e|burns unit|fire brigade|paramedics?)\b",
    r"\b(?:suicid\w*|kill myself|end my (?:own )?life|harm myself|want to die)\b",
    r"\bi(?:'d| would|'m| am) (?:be )?better off dead\b",
    rf"\b(?:don't|do not|dont|no longer) want to (?:live|be alive){_FOR_GOOD}",
    rf"\b(?:no|any|a|the) (?:reason|point) (?:to|in|for) (?:(?:keep|go|going) (?:on )?)?(?:live|living){_FOR_GOOD}",
    rf"\b(?:{_US}|toddler|puppy) (?:has |have |just |may have |might have )*(?:swallowed|choked on|ate)\b|"
    rf"\bchoking on\b",
    _SICK_OF_FOOD,
    _CAUSED,
    r"\b(?:allergic reaction|carbon monoxide|gas leak)\b",
    r"触电|漏电|电到了|被电(?:了|到|击|着)|电击了",
    r"着火|起火|冒烟|冒火|烧起来|烧焦|爆炸|炸了|自燃|短路了|烧着了",
    r"(?:受伤|烫伤|烧伤|割伤|划伤|割到|割破|流血|中毒|过敏了|住院|送医|急诊|救护车|晕倒|骨折)",
    rf"(?<!担心)(?<!怕)(?<!免){_HIM}(?:的?[左右]?{_LIMB})?{_WHEN}(?:{_WHERE}|被[^，。！？,.!?防把]{{0,10}}?|[滑绊跌]倒)?{_WOUNDED}",
    rf"{_HIM}的?[左右]?{_LIMB}{_WHEN}摔断|{_OWN_HAND}"
    rf"|(?<!门)把(?!手摔断)(?:{_HIM}的?)?[左右]?{_LIMB}(?:{_WOUNDED}|摔断)",
    rf"(?:摔|撞|砸|夹|咬|刺)伤了?(?:(?:[我他她]们?的?)?[左右]?(?:{_LIMB}|(?![我他她]){_HIM})|[我他她]们?(?![们的家]))",
    _ON_OUR_GROUND,
    rf"(?<!会)(?<!能)(?<!可以){_MAKES}{_HIM}[^，。！？,.!?]{{0,8}}?(?:生病|呕吐|吐了|发烧)(?![^，。！？,.!?]{{0,3}}吗)",
    rf"{_FOOD}[^。！？.!?会能坐椅桌凳鞋床垫语态价]{{0,10}}{_MAKES}{_HIM}{_WORE}(?:不舒服|头晕)(?![^，。！？,.!?]{{0,3}}吗)",
    rf"{_HERE}(?![^。！？.!?]{{0,60}}[会能吗])[^。！？.!?]{{0,20}}{_RASH}|{_RASH}[^。！？.!?]{{0,8}}{_HERE}",
    r"自杀|不想活|轻生|想死",
    r"(?:误吞|吞下去了|误食|噎住)",
    rf"(?:吃|喝|用)(?:了|完|过)(?:(?!不(?:再|容易|易|太|怎么)?{_ILL})[^，。！？,.!?会]){{0,12}}{_ILL}|[吃喝]坏(?:了)?肚子"
    r"|(?:有(?!没)|吃到|喝到|发现)[^，。！？,.!?]{0,8}(?:玻璃[渣碴]|碎玻璃)(?!吗)"
    # A blade and a nail are sold too: not where one stands in something.
    r"|(?:[里中](?:面)?有(?![没几什])|吃到|喝到|发现)[^，。！？,.!?]{0,8}(?:玻璃片|刀片|铁钉)(?!吗)",
)

NOT_SAFETY = _any(
    # What is bought, and where a parcel goes.
    r"\bsmoke (?:detectors?|alarms?|sensors?)\b"
    r"(?![^.?!]{0,20}\b(?:went|gone|goes|going|rang|rings?|ringing|beep\w*|sound\w*|trigger\w*))",
    r"\b(?:deliver|delivery|ship|shipping|send|send (?:it|this|them)) (?:directly )?to (?:the |a |an )?hospital\b",
    # What is good for whom, said of nobody.
    r"^\W*(?:请问)?(?:如果)?(?:烫伤|烧伤|割伤|划伤|受伤|骨折|过敏)(?:了|的人|的时候|后|之后|时)?还?"
    r"(?:能|可以|能不能|可不可以|可否)(?:喝|吃)[^，。！？,.!?你]{1,8}[吗么嘛]?\W*$",
    # Whoever asks whether it can happen has not been hurt.
    r"(?:会不会|能不能|是否会|会否|会有|防止|避免|预防|怎么防|如何防|有没有|容易|不会|防)[^，。！？,.!?]{0,8}?"
    r"(?:触电|漏电|着火|起火|爆炸|自燃|冒烟|受伤|中毒|短路|烫伤|摔[伤倒]|滑倒|扭伤|夹伤|[吃喝]坏肚子)(?:的?(?:风险|危险|可能|隐患|保护))?",
    r"(?:触电|漏电|着火|爆炸|烫伤|中毒)(?:的)?(?:风险|危险性|保护|可能性)",
)

LEGAL = _any(
    r"\b(?:lawyers?|lawer|laywer|solicitors?|(?<!power of )attorneys?|barrister|legal action|legal steps|"
    r"legal proceedings|lawsuit|law suit|legal team|legal advice)\b",
    r"\b(?:ombudsman|ombudsmen|ombudsperson|trading standards|consumer (?:protection|rights (?:agency|body))|"
    r"watchdog|better business bureau|bbb|data protection (?:authority|commissioner|officer)|"
    r"small claims|information commissioner)\b",
    # A lamp or a gas bottle has a regulator too.
    r"\b(?:bring|report|complain\w*|go|going|write|contact|inform|involve|take this)\b[^.?!]{0,30}\bregulators?\b|"
    r"\b(?:financial|banking|industry|energy|government|consumer) regulators?\b",
    r"\b(?:sue|suing|sued) (?:you|your|the|this|them|over)\b|\bi(?:'ll| will| am going to|'m going to) sue\b",
    r"\b(?:take|taking|see|seeing|bring) (?:you|this|it|your company) (?:to|in|before) (?:a )?court\b|"
    r"\bsee you in court\b",
    r"\b(?:report(?:ed|ing)?|complain(?:ed|ing)?|go(?:ing)?|write|take this) (?:you |this |it )?(?:to )?(?:the )?"
    r"(?:police|press|newspapers?|authorities|media)\b",
    r"\b(?:go|going|gone) to the (?:police|press|papers|media)\b",
    r"\b(?:gdpr|subject access) (?:request|complaint|breach|violation)\b|\bright to be forgotten\b|\bdata breach\b",
    r"\b(?:this|that|it|what you(?:'re| are) doing) (?:is|looks like) (?:a )?(?:fraud|scam|criminal|theft)\b|"
    r"\byou(?:'re| are)(?: all)? (?:a |an )?(?:frauds?|scammers?|thieves|criminals?)\b",
    r"律师|起诉|法院|打官司|法庭|诉讼|法律途径|法律责任|走法律|告你们|告上|仲裁",
    r"消协|消费者协会|工商(?:局|投诉|举报)|市场监管|市监局|监管部门|举报你们",
    rf"{_CALLED}[^，。！？,.!?\d]{{0,6}}{_HOTLINE}|{_HOTLINE}\s?{_OF_A_HOTLINE}|^\W*(?:12315|315)\W*$",
    r"\b(?:call|report|complain|go)\w*\b[^.?!\d]{0,30}(?<![a-z0-9.,#-])(?:12315|12345)(?![a-z0-9-]|[.,]\d)",
    r"(?:报警(?!器|装置|铃)|派出所|公安|经侦)",
    r"(?:曝光|找记者|找媒体|上新闻|媒体投诉)",
    r"投诉到|去投诉|要投诉你们|投诉你们公司",
)

_RUBBISH = (
    r"(?<![扔倒丢收装清厨余活筑修害湿干])垃圾(?!桶|袋|箱|车|篓|分类|处理|回收|站|邮件|短信|电话|铲"
    r"|(?:应该|应|该|要|需要|可以|能)?(?:怎么|怎样|如何|往?哪里?|在哪里?|什么时候|几点|谁来?)(?:处理|扔|丢|倒|投|放|收|清|分)|[扔丢倒投放][在到去]?哪)"
    r"|(?<!电子)(?<!危险)(?<!医疗)废物(?!回收|处理|利用|箱|桶)"
)
"""An insult, and no bin that somebody wants to buy."""

ANGER = _any(
    r"\b(?:fuck\w*|f\*+k\w*|fck\w*|fk off|wtf|bullshit|bs service|shit(?:ty|e)?|crap(?:py)?|"
    r"bloody (?:useless|joke|hell|awful|"
    r"ridiculous|disgrace)|piss(?:ed)? off|asshole|arsehole|bastards?|idiots?|morons?|imbecile|screw you|go to hell|"
    r"stupid (?:bot|machine|company|robot|thing)|dumb (?:bot|machine|robot)|damn (?:bot|machine|thing|you))\b",
    r"\b(?:useless|worthless|pathetic|disgusting|disgrace(?:ful)?|appalling|outrageous|unacceptable|unaceptable|"
    r"atrocious|shambles|incompetent|(?:is|are|what|such|absolute|complete|total|just) a (?:complete |bad |"
    r"sick |total )?joke|rip ?-?off|daylight robbery|shameful|scandalous)\b",
    r"\b(?:worst|terrible|horrible|awful|horrendous|dreadful|abysmal) (?:\w+ )?(?:service|company|"
    r"experience|support|shop|"
    r"customer service|ever)\b",
    r"\b(?:i'm|i am|im|we're|we are|getting|really|so|absolutely|extremely|very) (?:so |very |really |absolutely |"
    r"extremely |beyond |getting |utterly |totally |completely |just )*(?:angry|furious|fuming|livid|"
    r"outraged|fed up|sick (?:and tired )?of (?:this|you)|"
    r"sick of this|disgusted|losing (?:my )?patience|at the end of my (?:rope|tether))\b",
    r"\b(?:totally|completely|absolutely|utterly|so|really|thoroughly) fed up\b|^fed up\b",
    r"\b(?:sick and tired|had enough of|have had enough(?! \w)|i've had enough(?! \w)|had it with (?:you|"
    r"this)|never (?:buy|order|shop)\w* (?:from |with |at )?(?:you|here|this)"
    r"(?: \w+)? again|last time i (?:buy|order|shop))\b",
    r"\bhow many times (?:do|must|have|should) (?:i|we) (?:have to |need to |got to )?"
    r"(?:ask|tell|explain\w*|say|said|repeat|call|write|asked|told)\b|\b(?:third time|fourth time|"
    r"fifth time|tenth time|for the (?:\w+ )?time)\b[^.!]{0,40}"
    r"\b(?:do i|must i|i have to|asked|ask|told|tell|explain\w*|said)\b",
    r"\bwast(?:e|ed|ing) (?:of )?(?:my|our) (?:time|money)\b",
    r"\byou(?:'re| are)? (?:not (?:even )?)?(?:listening|kidding me|taking the piss|lying to me|ignoring me)\b",
    r"\b(?:liars?|lied to me|conned me|cheated me|robbed me|stole my money)\b",
    rf"他妈(?!妈)|(?<![妈我咱爸老干姨姑舅])妈的|操你|我操|卧槽|草泥马|傻[逼比b叉x]|煞笔|sb客服|白痴|混蛋|王八蛋|"
    rf"去死(?!皮|角)|{_RUBBISH}|狗屁|放屁|脑残|智障|滚蛋|(?<![水煮汤翻])滚(?:吧|开(?!的?水|后|了))|"
    r"^滚(?!筒|动|轮|珠|轴|刷|边|塑|圆|烫|水|沸|滚|开的?水)|(?<![水煮汤烧翻滚])滚[!！,，。]",
    r"(?:太|真|非常|特别|极其|十分|超级)(?:生气|愤怒|气愤|恼火|差劲|恶心|过分|离谱|失望透顶|坑人|坑)|气死|气炸|火大|忍无可忍|受够了|"
    r"欺人太甚|岂有此理|无语了|恶心",
    r"[太真]气人|你们这?(?:是)?什么态度",
    r"(?:骗子|骗人|骗钱|坑人|黑店|奸商|(?<![防反止范])(?:欺诈|诈骗)|耍我|糊弄|忽悠|敷衍|不要脸)",
    r"(?:什么|这是什么|这叫什么|啥)(?:破|烂|狗屁|垃圾)|(?:破|烂)(?:公司|店|客服|服务|机器人|东西)",
    r"(?:说|问|讲|催|打)了(?:多少|几|好几|无数|八百|一百|n|[三四五六七八九十])(?:次|遍)|(?:第[三四五六七八九十]+|好几|无数)次(?:了|问|说|联系)",
    r"(?:再也不|永远不|以后不|以后绝不)会?(?:再)?(?:买|来|光顾|用|信)|浪费(?:我的?)?时间|态度(?:太|这么|真)(?:差|恶劣)|(?:太|最)(?:差|烂|"
    r"垃圾)的?(?:一次)?(?:购物)?(?:服务|客服|体验|公司)",
)

"""What people say that no entry of any company answers: small talk, general knowledge, errands.

They stand among the entries' phrasings as belonging to none of them, so that a question of their kind is nobody's, and
say where the middle of each language lies where a company has few entries. Written for this project.
"""

from bot.conversation.phrases import Language

_EN = """
hello
good morning
thank you very much
how are you today
what can you do
who are you
never mind
that is wrong
can you help me
i have a question
please say that again
see you later
what is the weather like today
will it rain at the weekend
set an alarm for seven
remind me to call my mother
what day is it today
how many days until christmas
play some music
turn off the lights in the kitchen
call a taxi for me
how far is it to the airport
find me a cheap flight to rome
which hotel is near the station
how do i get to the city centre
is there a lot of traffic
where is the nearest petrol station
how do i change a flat tyre
how long does bread keep in the fridge
give me a recipe for pancakes
how many grams are in an ounce
is coffee bad for you
what helps against a headache
how do i lose weight
which vitamin is in oranges
why do cats purr
how old do elephants get
who invented the telephone
when did the second world war end
what is the largest ocean
how many people live in china
which language is spoken in brazil
what does photosynthesis mean
how fast is light
how do volcanoes form
solve this equation for x
what is twelve times eleven
convert fifty dollars to euros
how do you spell necessary
what is the opposite of generous
translate this sentence into spanish
write an essay about friendship
make up a story about a dragon
tell me something funny
what is the meaning of life
who is the best football player
who won the game last night
when do the olympic games begin
which film won the oscar
recommend a series to watch
who wrote hamlet
what is the news today
who is the prime minister
how does an election work
should i buy or rent a house
how do i invest in shares
what is the price of gold
how do i open a bank account
my credit card does not work
how do i get a passport
how do i learn to play the guitar
what is a good present for a child
how do i remove a stain from a shirt
which phone has the best camera
how do i reset my television
how do i sort a list in python
what does this error message mean
how do i write a formula in a spreadsheet
summarise this text
write an e-mail to a friend
"""

_ZH = """
你好
早上好
谢谢你
你今天怎么样
你会做什么
你是谁
算了
不对
能帮我一下吗
我有个问题
请再说一遍
再见
今天天气怎么样
周末会下雨吗
定一个七点的闹钟
提醒我给妈妈打电话
今天星期几
离春节还有几天
放一首歌
把厨房的灯关掉
帮我叫一辆车
去机场有多远
帮我找便宜的机票
火车站附近有什么酒店
市中心怎么走
现在堵车吗
最近的加油站在哪里
轮胎没气了怎么办
面包能放几天
煎饼怎么做
一斤是多少克
喝咖啡对身体好吗
头疼怎么缓解
怎么才能瘦下来
橙子里有什么维生素
猫为什么会打呼噜
大象能活多少岁
电话是谁发明的
第二次世界大战什么时候结束
最大的海洋是哪个
中国有多少人口
巴西说什么语言
光合作用是什么意思
光速是多少
火山是怎么形成的
这个方程怎么解
十二乘以十一是多少
五十美元换多少欧元
这个字怎么读
慷慨的反义词是什么
把这句话翻译成英文
写一篇关于友情的作文
编一个关于龙的故事
说点好笑的
人生的意义是什么
谁是最好的足球运动员
昨晚的比赛谁赢了
奥运会什么时候开幕
哪部电影得了奖
最近有什么好看的剧
红楼梦是谁写的
今天有什么新闻
现在的总统是谁
选举是怎么进行的
买房好还是租房好
怎么买股票
黄金多少钱一克
怎么开银行账户
我的信用卡刷不了
护照怎么办理
怎么学吉他
送孩子什么礼物好
衣服上的污渍怎么洗
哪款手机拍照最好
电视怎么恢复出厂设置
怎么用python排序
这个报错是什么意思
表格里的公式怎么写
帮我总结这段文字
帮我写一封信给朋友
"""

EVERYDAY: dict[Language, tuple[str, ...]] = {"en": tuple(_EN.split("\n")[1:-1]), "zh": tuple(_ZH.split("\n")[1:-1])}

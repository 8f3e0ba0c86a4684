# Strategies, in as few spaces as can be, short and long.
policy a=haiku
policy b=(opus)within 12h
policy c=((opus))retry 2 retry 3
policy d=route has_code->opus else haiku
policy e=route has_code->opus,words>10->sonnet else haiku
policy f=route by topic billing->haiku,technical->(route has_code->opus else sonnet),model->haiku,
policy g=route has_code->opus else route words>5->sonnet,words>2->haiku else cascade[haiku,sonnet]until not hedges
policy h=route contains(["one word","another word","a third word"])and words>5->opus,has_code->sonnet else haiku
policy i=cascade[haiku until not empty,(route has_code->opus else sonnet),fallback[a,b]retry 1 until json,m.c]until sound
policy j=cascade[haiku,sonnet,]otherwise opus until sound from level order by learned("quality.json")carry reasons within $0.05 and 20s
policy k=cascade[haiku,sonnet,]otherwise route has_code->opus else sonnet
policy l=split{90%->cheap,10%->cascade[haiku,opus]until sound otherwise fail,5%->dear}by meta.user
policy m=split{90%->cheap,10%->dear}
policy n=shadow haiku with opus on 5%
policy o=shadow cascade[haiku,sonnet,opus]until sound with{temperature:0}with cascade[haiku,opus]until sound on 5%
policy p=hedge haiku with{seed:1}after 250ms with opus
policy q=vote[haiku,sonnet,opus]by judge(opus,"pick the best")cached 1d similar 0.97
policy r=vote[cascade[haiku,sonnet,opus]until sound,cascade[luna,terra,sol]until sound,opus]by judge(opus,"pick the best")
policy s=fallback[first_of_a_long_list,second_of_a_long_list,third_of_a_long_list,fourth_of_a_long_list]
policy w=fallback[haiku,sonnet]when rate_limit or server retry 1
policy x=fallback[first_of_a_long_list,second_of_a_long_list,third_of_a_long_list]when rate_limit or server or timeout
policy t=haiku with{temperature:0,system:"""Two
lines"""}
tier u=cascade[haiku,opus]
tier v=cascade[haiku,opus]until json and words<1000 and chars<100000 within $0.01 and 30s otherwise fail
cascade[haiku,opus]until not hedges

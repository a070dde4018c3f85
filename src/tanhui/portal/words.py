"""Chinese names for the codes of the library: families, regions, tables and factors. An unknown code stays a code."""

from __future__ import annotations

FAMILIES = {
    "transport": "绿色出行",
    "recycling": "回收利用",
    "consumption": "绿色消费",
    "energy": "节约能源",
    "forestry": "林业碳汇",
    "goods": "绿色产品",
    "schemes": "评价规范",
}
REGIONS = {
    "world": "全球",
    "CN": "全国",
    "CN-central": "华中区域",
    "CN-11": "北京市",
    "CN-31": "上海市",
    "CN-42": "湖北省",
    "CN-4201": "武汉市",
    "CN-43": "湖南省",
    "CN-430626": "平江县",
    "CN-44": "广东省",
    "CN-4401": "广州市",
    "CN-4403": "深圳市",
    "CN-5105": "泸州市",
}
TABLES = {
    "grid-electricity": "电力",
    "fuels": "燃料和热力",
    "gwp": "全球增温潜势",
    "local-parameters": "本县暂定参数",
    "scenario-parameters": "各地场景参数",
}
FACTORS = {
    "grid_electricity": "电力平均排放因子（用电）",
    "grid_electricity_avoided": "电力平均排放因子（节约或替代的电）",
    "natural_gas_combustion": "天然气燃烧",
    "road_diesel_combustion": "车用柴油燃烧",
    "gasoline_combustion_low": "汽油燃烧（较低值）",
    "gasoline_combustion_high": "汽油燃烧（较高值）",
    "gasoline_density": "汽油密度",
    "heat_supply": "外购热力",
    "bus_ride_saving": "乘公交一次",
    "electric_bus_saving": "电动公交每乘客公里",
    "metro_saving": "地铁每乘客公里",
    "metro_trip_saving_a": "地铁一次（方法一）",
    "metro_trip_saving_b": "地铁一次（方法二）",
    "metro_day_beijing": "地铁通勤一天",
    "car_day_beijing": "小汽车通勤一天",
    "cycling_saving": "骑自行车",
    "walking_saving": "步行每步",
    "walking_day_cap": "步行每日上限",
    "car_free_day_saving": "少开一天车",
    "car_fuel_consumption": "小汽车百公里油耗折每公里",
    "electric_car_consumption": "电动汽车电耗",
    "clean_plate_saving": "光盘一次",
    "clean_plate_saving_low": "光盘一次（低值）",
    "clean_plate_saving_high": "光盘一次（高值）",
    "chopsticks_saving": "少用一双一次性筷子",
    "e_invoice_saving": "电子发票一张",
    "express_carton_saving": "快递纸箱复用一个",
    "old_clothes_saving": "旧衣回收",
    "old_clothes_saving_bir": "旧衣回收（国际回收局）",
    "pp_food_box_saving": "聚丙烯餐盒回收",
    "waste_paper_saving": "废纸回收",
    "organic_puer_tea_footprint": "有机普洱茶碳足迹",
    "rooftop_pv_saving": "屋顶光伏发电",
    "household_electricity_mean": "居民人均用电",
    "footprint_baseline_tea": "茶叶碳足迹（基准）",
    "footprint_baseline_tea_oil": "茶油碳足迹（基准）",
    "footprint_baseline_dried_tofu": "豆干碳足迹（基准）",
    "footprint_label_tea": "茶叶碳足迹（碳标签产品）",
    "footprint_label_tea_oil": "茶油碳足迹（碳标签产品）",
    "footprint_label_dried_tofu": "豆干碳足迹（碳标签产品）",
}
_ASSESSMENTS = {"ar5": "AR5", "ar6": "AR6"}


def region_words(code: str) -> str:
    """A region as people say it."""
    return REGIONS.get(code, code)


def factor_words(code: str) -> str:
    """A factor as people say it; a warming potential by its gas and assessment report."""
    if code.startswith("gwp100_"):
        _, assessment, gas = code.split("_", 2)
        return f"{gas.upper().replace('_', '-')}（{_ASSESSMENTS.get(assessment, assessment)}）"
    return FACTORS.get(code, code)

import pytest

from knowledge.drafts import draft_name, says_draft
from tests.agents.found_passages import passage


@pytest.mark.parametrize(
    "name",
    [
        "DRAFT – Working abroad",
        "travel/DRAFT-working-abroad.docx",
        "working_abroad_DRAFT_v2.docx",
        "Working abroad (draft)",
        "Working abroad [Draft v0.3]",
        "Draft: Working abroad",
        "Working abroad – draft",
        "Arbeiten im Ausland (Entwurf)",
        "差旅制度（征求意见稿）",
        "差旅制度草案.docx",
        "差旅管理办法 送审稿 v2",
        "差旅制度（徵求意見稿）",
        "DRAFT-差旅制度.docx",
        "DRAFT 差旅制度",
        "Travel Policy - Draft v2",
        "travel_policy_draft_v2.docx",
        "Travel policy (draft for comment)",
        "DRAFT – Orders of more than €1000",
        "员工手册草案.docx",
        "员工手册征求意见稿.docx",
        "合同草案.docx",
        "报销流程草案.docx",
        "通知 征求意见稿.docx",
        "订单管理办法草案.docx",
        "数据删除管理办法草案.docx",
        "DRAFT – How to report sick leave.docx",
        "DRAFT - Saving energy at work",
        "ENTWURF – Speicherung personenbezogener Daten.docx",
        "Datenspeicherung – Entwurf",
        "Purchase orders – draft",
        "TRAVEL_POLICY_DRAFT.docx",
        "DRAFT_TRAVEL_POLICY_2026.docx",
        "2026_DRAFT.pdf",
        "DRAFT_HOW_TO_REPORT_SICK_LEAVE.docx",
        "数据删除办法草案.docx",
        "Status report DRAFT.docx",
        "DRAFT_ORDER_POLICY.docx",
        "Stage safety rules – draft",
        "United States travel policy – draft",
        "DRAFT_PROOF_OF_RESIDENCE_RULES.docx",
        "STAFF_E-MAIL_RULES_DRAFT.docx",
        "How to report harassment – draft",
        "Saving energy at work – draft",
        "Editing guidelines – draft",
        "Creating a safe workplace – draft",
        "Creating a safe workplace DRAFT.docx",
        "Working in other states – draft",
        "État des congés – brouillon",
        "Speicherung von Daten – Entwurf",
        "Vereinsstatut – Entwurf",
        "如何处理投诉办法草案",
        "如何报销流程草案",
        "状态管理办法草案",
        "DRAFT_MESSAGES.docx",
    ],
)
def test_names_of_drafts(name: str) -> None:
    assert says_draft(name)


@pytest.mark.parametrize(
    "name",
    [
        "Draft orders",
        "How to save a draft",
        "HOW TO SAVE A DRAFT",
        "save-a-draft.md",
        "Draft beer and cider",
        "drafts/travel.docx",
        "DRAFTY windows 2",
        "如何保存草稿箱",
        "如何保存草稿",
        "恢复草稿",
        "怎么保存合同方案草稿",
        "订单状态：草稿",
        "订单状态（草稿）",
        "Statut : brouillon",
        "Order status – draft",
        "Draft: orders",
        "Draft: save, edit and delete orders",
        "Entwurf: so speichern Sie",
        "NFL DRAFT 2026",
        "nfl-draft-2026.md",
        "HOW TO save a DRAFT",
        "HOW_TO_SAVE_A_DRAFT.md",
        "DRAFT – HOW TO SAVE IT",
        "订单状态 – draft",
        "查看制度草稿",
        "如何提交草案",
        "查看草案",
        "什么是草案",
        "订单状态：草案",
        "Create an order - draft",
        "How to delete a mail - draft",
        "Order states – draft",
        "État de la commande – brouillon",
        "Bestellstatus – Entwurf",
        "ORDER_STATUS_DRAFT.md",
        "EMAIL_DRAFT.md",
        "DRAFT_ORDERS.md",
        "DRAFT_BEER_MENU.pdf",
        "NBA_DRAFT.pdf",
        "DRAFT_PICKS_2026.pdf",
        "",
    ],
)
def test_names_of_pages_about_drafts(name: str) -> None:
    assert not says_draft(name)


@pytest.mark.parametrize(
    ("title", "document", "name"),
    [
        ("DRAFT – Working abroad", "abroad.docx", "DRAFT – Working abroad"),
        ("Working abroad", "travel/DRAFT-abroad.docx", "DRAFT-abroad.docx"),
        ("Working abroad", "abroad.docx", ""),
    ],
)
def test_a_draft_is_called_by_its_title_or_its_file(title: str, document: str, name: str) -> None:
    assert draft_name(passage("30 days.", document, title=title)) == name

// What the page says, in the reader's language.

const ENGLISH = {
  title: "Training",
  runs: "Runs",
  no_runs: "There are none yet. Begin one with: frontdesk finetune train --data FILE",
  stop: "Stop",
  go_on: "Go on",
  settings: "Settings",
  running: "running",
  stopping: "stopping at the next step…",
  stopped: "stopped",
  finished: "finished",
  starting: "getting ready…",
  step: ", step {}",
  time_left: "Time left",
  loss: "Loss",
  heldout_loss: "Held out",
  drift: "Drift",
  learning_rate: "Learning rate",
  tokens_per_second: "Tokens a second",
  memory: "Memory",
  epoch: "Passes",
  nats: "nats a token, less is better",
  axis: "step",
  on: "on",
  no_log: "This run keeps no log of its steps.",
  unreachable: "The page's program does not answer. Start it again: frontdesk finetune watch",
};

const CHINESE = {
  title: "训练",
  runs: "训练任务",
  no_runs: "还没有任务。开始一个：frontdesk finetune train --data FILE",
  stop: "停止",
  go_on: "继续",
  settings: "设置",
  running: "进行中",
  stopping: "将在下一步停止…",
  stopped: "已停止",
  finished: "已完成",
  starting: "正在准备…",
  step: "，第 {} 步",
  time_left: "剩余时间",
  loss: "损失",
  heldout_loss: "验证损失",
  drift: "偏离",
  learning_rate: "学习率",
  tokens_per_second: "每秒词元数",
  memory: "内存",
  epoch: "遍数",
  nats: "每词元奈特，越低越好",
  axis: "步",
  on: "基于",
  no_log: "此任务不记录每一步。",
  unreachable: "页面程序没有应答。请重新启动：frontdesk finetune watch",
};

const isChinese = navigator.language.toLowerCase().startsWith("zh");

export const texts = isChinese ? CHINESE : ENGLISH;
export const language = isChinese ? "zh" : "en";

export function translate(root) {
  document.documentElement.lang = language;
  for (const element of root.querySelectorAll("[data-text]")) element.textContent = texts[element.dataset.text];
}

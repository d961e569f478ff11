// Every word of the page, in both languages, and which language it speaks. Answers speak the language of the question.
import { stored, store } from "./storage.js";

const WORDS = {
  en: {
    sign_in_lead: "Ask about work and get an answer here. It is written by a model on our own machine: nothing you write leaves the company.",
    your_name: "Your name",
    sign_in: "Start",
    sign_in_note: "Your conversations are kept for this browser: there is no password.",
    other_language: "中文",
    skip: "Skip to the question box",
    conversations: "Conversations",
    show_conversations: "Show conversations",
    new_conversation: "New conversation",
    no_threads: "Your conversations will be listed here.",
    more_threads: "Show more",
    today: "Today",
    yesterday: "Yesterday",
    week: "Last 7 days",
    older: "Older",
    untitled: "(no words)",
    sign_out: "Sign out",
    sign_out_heading: "Sign out of this browser?",
    sign_out_warning: "Your conversations belong to this browser. After signing out you cannot open them again, even under the same name, nor erase them: do that first, under “What is kept about me”.",
    stay: "Stay",
    own_data: "What is kept about me",
    own_data_file: "Download all of it (JSON)",
    own_data_erase: "Erase it…",
    own_data_sure: "Erase everything?",
    own_data_goes: "Your questions, their answers, your feedback and drafts will be gone here for good, in every window.",
    own_data_stays: "What stays: that you asked, without words and under a code name; what was passed on to colleagues or published by the company; copies made before, such as backups. The history of this browser may show how questions begin.",
    own_data_keep: "Keep it",
    own_data_erase_really: "Erase it",
    own_data_erasing: "Erasing…",
    own_data_wait: "That was often. Wait {seconds} seconds, then try again.",
    own_data_failed: "That did not work. Try again in a moment. {message}",
    understood: "Got it",
    empty_heading: "What would you like to know?",
    empty_lead: "Ask in your own words, in English or Chinese.",
    earlier: "Show earlier questions",
    newest: "Newest",
    your_question: "Your question",
    send: "Send",
    stop: "Stop",
    hint: "Enter sends · Shift+Enter for a new line · Esc stops an answer",
    you_asked: "You asked",
    answer: "Answer",
    asked_again: "Asked once more",
    answered_by_person: "Answered by a colleague",
    working: "Working on it…",
    copy: "Copy",
    copy_code: "Copy code",
    copied: "Copied",
    not_copied: "Copying is not allowed here",
    again: "Try again",
    answer_complete: "Answer complete.",
    lost: "Connection lost. Trying again…",
    not_sent: "Not sent: no connection. Your question is still in the box.",
    too_many: "That was too many questions at once. Wait {seconds} seconds, then send again.",
    too_long: "The question is too long: at most {limit} characters, and it has {length}.",
    too_large: "The question is too large to send. Please shorten it.",
    not_now: "The service is restarting. Your question is still in the box: send it again in a moment.",
    not_found: "That conversation is not here.",
    failed: "Something went wrong on our side. Your question is still in the box. {message}",
    still_open: "That answer is still being written.",
    comment_label: "What would have helped you?",
    comment_placeholder: "For example: the date is wrong, it is about something else…",
    comment_who_reads: "Read by those who look after the answers, together with your question.",
    comment_send: "Send",
    close: "Close",
    thanks: "Thank you: that helps to make the answers better.",
    examples: ["How do I request leave?", "Write a polite reply to a late delivery", "Explain what a VPN does, in three sentences"],
  },
  zh: {
    sign_in_lead: "在这里提问并获得回答。回答由公司自有机器上的模型撰写：您写的内容不会离开公司。",
    your_name: "您的姓名",
    sign_in: "开始",
    sign_in_note: "对话保存在此浏览器名下，不设密码。",
    other_language: "English",
    skip: "跳到提问框",
    conversations: "对话",
    show_conversations: "显示对话",
    new_conversation: "新对话",
    no_threads: "您的对话会列在这里。",
    more_threads: "显示更多",
    today: "今天",
    yesterday: "昨天",
    week: "最近 7 天",
    older: "更早",
    untitled: "（无文字）",
    sign_out: "退出",
    sign_out_heading: "要在此浏览器退出吗？",
    sign_out_warning: "您的对话属于此浏览器。退出后，即使使用相同姓名也无法再打开或删除它们：如需删除，请先在“我的数据”中操作。",
    stay: "留下",
    own_data: "我的数据",
    own_data_file: "下载全部数据（JSON）",
    own_data_erase: "删除…",
    own_data_sure: "确定全部删除？",
    own_data_goes: "您的提问、回答、反馈和草稿将在这里永久删除，所有窗口均生效。",
    own_data_stays: "仍会保留：您提过问这一事实（不含文字，以代号记录）；已转给同事或由公司发布的内容；此前的副本，例如备份。此浏览器的历史记录可能仍显示问题的开头。",
    own_data_keep: "保留",
    own_data_erase_really: "删除",
    own_data_erasing: "正在删除…",
    own_data_wait: "操作太频繁。请等待 {seconds} 秒后重试。",
    own_data_failed: "未能完成，请稍后重试。{message}",
    understood: "知道了",
    empty_heading: "您想了解什么？",
    empty_lead: "用自己的话提问，中文英文都可以。",
    earlier: "显示更早的问题",
    newest: "最新",
    your_question: "您的问题",
    send: "发送",
    stop: "停止",
    hint: "Enter 发送 · Shift+Enter 换行 · Esc 停止回答",
    you_asked: "您问",
    answer: "回答",
    asked_again: "再问一次",
    answered_by_person: "同事的回答",
    working: "正在处理…",
    copy: "复制",
    copy_code: "复制代码",
    copied: "已复制",
    not_copied: "此处不允许复制",
    again: "重试",
    answer_complete: "回答完毕。",
    lost: "连接中断，正在重试…",
    not_sent: "未发送：没有连接。您的问题仍在输入框中。",
    too_many: "一次提问太多。请等待 {seconds} 秒后再发送。",
    too_long: "问题太长：最多 {limit} 个字符，现有 {length} 个。",
    too_large: "问题太大，无法发送，请缩短。",
    not_now: "服务正在重启。您的问题仍在输入框中，请稍后再发送。",
    not_found: "找不到该对话。",
    failed: "我们这边出了问题。您的问题仍在输入框中。{message}",
    still_open: "该回答仍在书写中。",
    comment_label: "怎样的回答才对您有帮助？",
    comment_placeholder: "例如：日期不对、答非所问……",
    comment_who_reads: "负责维护答案的同事会看到您的意见和您的问题。",
    comment_send: "发送",
    close: "关闭",
    thanks: "谢谢，这有助于改进答案。",
    examples: ["怎么申请年假？", "帮我礼貌地回复一封催货邮件", "用三句话解释什么是 VPN"],
  },
};

let language = stored("language") ?? (document.documentElement.lang.startsWith("zh") ? "zh" : "en");

export function t(key, values = {}) {
  const words = WORDS[language][key];
  return typeof words === "string" ? words.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "") : words;
}

/** Of words that the server has sent in each language, ours. */
export function spoken(words) {
  return words[language];
}

export function locale() {
  return language === "zh" ? "zh-CN" : "en";
}

export function switchLanguage() {
  language = language === "zh" ? "en" : "zh";
  store("language", language);
}

/** Put the words into what the shell has marked for them. */
export function speak() {
  document.documentElement.lang = locale();
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of document.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", t(node.dataset.label));
    if (node.tagName === "BUTTON") node.title = t(node.dataset.label);
  }
  for (const node of document.querySelectorAll("[data-placeholder]")) node.placeholder = t(node.dataset.placeholder);
  for (const node of document.querySelectorAll("button.language")) {
    node.textContent = t("other_language");
    node.lang = language === "zh" ? "en" : "zh-CN";
  }
}

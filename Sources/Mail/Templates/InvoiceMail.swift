extension MailTemplate {
  static let invoice = MailTemplate(
    accent: "#2563eb",
    subject: "Your {{#isCreditNote}}credit note for {{period}}: {{credited}}{{/isCreditNote}}"
      + "{{^isCreditNote}}invoice for {{period}}: {{total}}{{/isCreditNote}}",
    text: """
      Hello {{name}},

      {{#isCreditNote}}
      Your credit note {{invoiceNumber}} for {{period}} comes to {{credited}}.
      We have credited the amount to your account. There is nothing you need to do.
      {{/isCreditNote}}
      {{^isCreditNote}}
      Your invoice {{invoiceNumber}} for {{period}} comes to {{total}}.
      {{/isCreditNote}}
      \(sentences.map { "{{#\($0.flag)}}\n\($0.text)\n{{/\($0.flag)}}\n" }.joined())\
      {{#lastDay}}
      \(ending)
      {{/lastDay}}

      {{figuresText}}
      """,
    html: "{{#isCreditNote}}"
      + MailLayout.headline("Credit note {{invoiceNumber}} for {{period}}", "{{credited}}")
      + "{{/isCreditNote}}{{^isCreditNote}}"
      + MailLayout.headline("Invoice {{invoiceNumber}} for {{period}}", "{{total}}")
      + "{{/isCreditNote}}" + MailLayout.paragraph("Hello {{name}},")
      + "{{#isCreditNote}}"
      + MailLayout.paragraph(
        "We have credited the amount to your account. There is nothing you need to do.")
      + "{{/isCreditNote}}{{^isCreditNote}}"
      + MailLayout.paragraph(
        sentences.map { "{{#\($0.flag)}}\($0.html) {{/\($0.flag)}}" }.joined())
      + "{{/isCreditNote}}{{#lastDay}}" + MailLayout.paragraph(ending) + "{{/lastDay}}"
      + MailLayout.figures)

  /// Holds whatever comes later: usage may still be reported, and would then be billed.
  private static let ending =
    "The last day of your account {{#hasEnded}}was{{/hasEnded}}{{^hasEnded}}is{{/hasEnded}} "
    + "{{lastDay}}.{{#isFinal}} This is your final \(kind); you will receive another only for "
    + "items we have not billed yet.{{/isFinal}}"
    + "{{#isAfterFinal}} This \(kind) covers usage that was reported later.{{/isAfterFinal}}"

  private static let kind =
    "{{#isCreditNote}}credit note{{/isCreditNote}}{{^isCreditNote}}invoice{{/isCreditNote}}"

  /// What the customer needs to know about the payment. It reflects the state when the mail is
  /// written, whether the mail or the charge came first.
  private static let sentences: [(flag: String, text: String, html: String)] = [
    sentence("usesCredit", "Your credit covers {{credit}} of this invoice."),
    sentence("wasCharged", "We have charged *{{charged}}* to your card. Thank you."),
    sentence(
      "willBeCharged",
      "We will charge *{{toCharge}}* to your card. There is nothing you need to do."),
    sentence(
      "isTriedAgain",
      "Your card was declined. We will try to charge *{{toCharge}}* again"
        + "{{#nextAttempt}} on *{{nextAttempt}}*{{/nextAttempt}}."),
    sentence(
      "isTooSmall",
      "*{{open}}* is too small to charge to your card. There is nothing you need to do."),
    sentence(
      "isManual",
      "Please pay *{{open}}*{{#dueDate}} by *{{dueDate}}*{{/dueDate}} "
        + "and quote the invoice number as the reference."),
    sentence("isSettled", "There is nothing left to pay."),
  ]

  /// `*…*` becomes bold in HTML.
  private static func sentence(
    _ flag: String, _ words: String
  ) -> (flag: String, text: String, html: String) {
    let parts = words.split(separator: "*", omittingEmptySubsequences: false)
    let html = parts.enumerated().map { $0 % 2 == 1 ? "<strong>\($1)</strong>" : String($1) }
    return (flag, parts.joined(), html.joined())
  }
}

extension MailTemplate {
  static let invoice = MailTemplate(
    accent: "#2563eb",
    subject: "Your invoice for {{period}}: {{total}}",
    text: """
      Hello {{name}},

      your invoice {{invoiceNumber}} for {{period}} comes to {{total}}.
      {{#isInFavour}}
      It is in your favour: we have added the amount to your credit.
      {{/isInFavour}}
      {{#usesCredit}}
      Your credit covers {{credit}} of it.
      {{/usesCredit}}
      {{#isAutomatic}}
      We will charge {{open}} to your card. There is nothing you need to do.
      {{/isAutomatic}}
      {{#isManual}}
      Please pay {{open}}{{#dueDate}} by {{dueDate}}{{/dueDate}} \
      and give the invoice number as the reference.
      {{/isManual}}
      {{#isSettled}}
      There is nothing left to pay.
      {{/isSettled}}

      {{figuresText}}
      """,
    html: MailLayout.headline("Invoice {{invoiceNumber}} for {{period}}", "{{total}}")
      + MailLayout.paragraph("Hello {{name}},")
      + "{{#isInFavour}}"
      + MailLayout.paragraph(
        "this invoice is in your favour: we have added the amount to your credit.")
      + "{{/isInFavour}}{{#isAutomatic}}"
      + MailLayout.paragraph(
        "{{#usesCredit}}your credit covers {{credit}} of this invoice. {{/usesCredit}}"
          + "We will charge <strong>{{open}}</strong> to your card. "
          + "There is nothing you need to do.")
      + "{{/isAutomatic}}{{#isManual}}"
      + MailLayout.paragraph(
        "{{#usesCredit}}your credit covers {{credit}} of this invoice. {{/usesCredit}}"
          + "Please pay <strong>{{open}}</strong>{{#dueDate}} by <strong>{{dueDate}}</strong>"
          + "{{/dueDate}} and give the invoice number as the reference.")
      + "{{/isManual}}{{#isSettled}}"
      + MailLayout.paragraph(
        "{{#usesCredit}}your credit covers {{credit}} of this invoice. {{/usesCredit}}"
          + "There is nothing left to pay.")
      + "{{/isSettled}}" + MailLayout.figures)
}

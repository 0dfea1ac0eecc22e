extension MailTemplate {
  static let receipt = MailTemplate(
    accent: "#15803d",
    subject: "Payment received: {{amount}} for {{period}}",
    text: """
      Hello {{name}},

      We have received {{amount}} for invoice {{invoiceNumber}} ({{period}}). Thank you.
      {{#isOpen}}
      {{open}} of this invoice is still unpaid.
      {{/isOpen}}
      {{^isOpen}}
      The invoice is paid in full.
      {{/isOpen}}

      """,
    html: MailLayout.headline("Payment received", "{{amount}}")
      + MailLayout.paragraph("Hello {{name}},")
      + MailLayout.paragraph(
        "We have received <strong>{{amount}}</strong> for invoice {{invoiceNumber}} ({{period}}). "
          + "Thank you.")
      + MailLayout.paragraph(
        "{{#isOpen}}<strong>{{open}}</strong> of this invoice is still unpaid.{{/isOpen}}"
          + "{{^isOpen}}The invoice is paid in full.{{/isOpen}}"))
}

extension MailTemplate {
  static let receipt = MailTemplate(
    accent: "#15803d",
    subject: "Payment received: {{amount}} for {{period}}",
    text: """
      Hello {{name}},

      we have received {{amount}} for invoice {{invoiceNumber}} of {{period}}. Thank you.
      {{#isOpen}}
      Of this invoice {{open}} is still to be paid.
      {{/isOpen}}
      {{^isOpen}}
      The invoice is paid in full.
      {{/isOpen}}

      """,
    html: MailLayout.headline("Payment received", "{{amount}}")
      + MailLayout.paragraph("Hello {{name}},")
      + MailLayout.paragraph(
        "we have received <strong>{{amount}}</strong> for invoice {{invoiceNumber}} of {{period}}. "
          + "Thank you.")
      + MailLayout.paragraph(
        "{{#isOpen}}Of this invoice <strong>{{open}}</strong> is still to be paid.{{/isOpen}}"
          + "{{^isOpen}}The invoice is paid in full.{{/isOpen}}"))
}

import './index.css';
import './prompts.css';
import './sidebar.css';
